"""What the RP2040 port stands on: what a reset leaves, flash, outputs at rest, provisioning."""

import subprocess

import pytest

from tests.emulated import board, rp2_port

BASE = """
import board, machine, time
from hal.rp2_base import Base
machine.WDT(timeout=8388)
base = Base(board)
KEPT = 0xC0FFFFFF  # the other bits are the boot guard's, which has run before us
print(base.reset_cause, hex(base.retained & KEPT))
"""
POWER_ON, WATCHDOG, RESET = 1, 2, 3


@pytest.fixture(scope="module", autouse=True)
def _parts():
    board.needed()


@pytest.fixture
def run(tmp_path):
    return lambda script, *options: rp2_port.run(tmp_path, script, *options)


def boots(folder, *scripts):
    """Printed lines of the scripts, the board reset in between."""
    paths = []
    for number, script in enumerate(scripts):
        paths.append(folder / ("script%d.py" % number))
        paths[-1].write_text(BASE + script)
    image = board.run.__kwdefaults__["image"]
    command = ["node", "tests/emulated/rp2_reset.mjs", str(image), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=board.WALL_S)
    assert not done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if line]


def test_what_a_reset_leaves(tmp_path):
    lines = boots(
        tmp_path,
        "base.retained = 0xC00DF00D\nprint(hex(base.retained))\ntime.sleep_ms(20)\nbase.reset()",
        "base.retained = 0x81\nbase.arm_watchdog(50)\ntime.sleep_ms(99)",
        "time.sleep_ms(20)\nmachine.disable_irq()\nbase.arm_watchdog(50)\nwhile True: pass",
        "time.sleep_ms(20)\nbase.reset()",
        "print('power cut')",
        "",
    )
    assert lines == [
        "1 0x0",
        "0xc00df00d",
        "3 0xc00df00d",
        "2 0x81",
        "2 0x81",
        "3 0x81",
        "power cut",
        "1 0x0",
    ]


def test_scratch_without_its_proof_is_nothing(run):
    """What a boot loader or another firmware has left there is no weld of ours."""
    script = """
port.retained = 0x81
print(port.retained)
machine.mem32[0x40058014] = 0x83
print(port.retained)
machine.mem32[0x40058018] = 0
machine.mem32[0x40058014] = 0
print(port.retained)
"""
    assert run(script).lines == ["129", "0", "0"]


def test_a_fed_watchdog_does_not_bite(run):
    script = """
port.arm_watchdog(100)
for _ in range(10):
    time.sleep_ms(50)
    port.feed_watchdog()
print("alive")
time.sleep_ms(500)
"""
    ran = run(script)
    assert ran.lines == ["alive"] and ran.ended[0] == "watchdog"


def test_feeding_and_retained_allocate_nothing_in_the_beat(run):
    script = """
import micropython
port.arm_watchdog(2000)
micropython.heap_lock()
port.feed_watchdog()
micropython.heap_unlock()
print("well")
"""
    assert run(script).lines == ["well"]


def test_flash_takes_any_size_anywhere(run):
    """Across pages and blocks, twice into one page, out of flash itself; bits only fall."""
    script = """
part = port.region(200, 3)
for block in range(3):
    part.ioctl(6, block)
part.writeblocks(0, b"\\xf0" * 10, 250)
part.writeblocks(0, b"\\x3f" * 600, 260)
part.writeblocks(0, b"\\xcc", 259)
got = bytearray(900)
part.readblocks(0, got, 0)
print(got[:250] == b"\\xff" * 250, got[250:259] == b"\\xf0" * 9, got[259] == 0xc0,
      got[260:860] == b"\\x3f" * 600, got[860:] == b"\\xff" * 40)
print(bytes(port.mapped(200, 3)[250:262]) == bytes(got[250:262]), part.wear(), port.flash.wear())
long = bytes(range(256)) * 20
part.writeblocks(1, long)
got = bytearray(5120)
part.readblocks(1, got)
print(got == long, part.wear())
for bad in ((3, b"x", 0), (2, b"x", 4096), (0, b"x", -1)):
    try:
        part.writeblocks(*bad)
    except OSError as error:
        print(error)
"""
    ran = run(script)
    assert ran.lines[0] == "True True True True True"
    assert ran.lines[1] == "True (3, 6, 611) (3, 6, 611)", ran.lines
    assert ran.lines[2] == "True (5, 26, 5731)"
    assert ran.lines[3:] == ["flash range"] * 3


def test_wear_is_counted_by_the_part(run):
    script = """
port.mount(board.file_blocks)
port.region(200, 1).ioctl(6, 0)
port.region(210, 1, False).ioctl(6, 0)
one = port.region(0, 0).wear()[0], port.region(0, 0, False).wear()[0], port.files.wear()[0]
print(one, port.flash.wear()[0] == sum(one), one[2] > 0)
"""
    ran = run(script)
    assert ran.lines[0].startswith("(1, 1, ") and ran.lines[0].endswith("True True")


def test_a_file_system_is_made_once(run):
    """The second mount of a boot is the first one's; without its file a board says so."""
    script = """
port.mount(board.file_blocks)
port.mount(board.file_blocks)
import os, json
try:
    port.provisioning
except ValueError as error:
    print(error)
with open("/flash/provision.json", "w") as file:
    json.dump({"cpid": "X"}, file)
print(port.provisioning)
os.umount("/flash")
again = Port(board)
print(again.provisioning["cpid"], again.flash.wear()[0])
"""
    ran = run(script)
    assert ran.lines == [
        "no /flash/provision.json: this board is not provisioned",
        "{'cpid': 'X'}",
        "X 0",
    ]


def test_the_clock_is_no_older_than_a_file(run):
    script = """
import os
machine.RTC().datetime((2026, 11, 23, 0, 1, 2, 3, 0))
port.mount(board.file_blocks)
with open("/flash/boots.json", "w") as file:
    file.write("{}")
os.umount("/flash")
machine.RTC().datetime((2021, 1, 1, 4, 0, 0, 0, 0))
again = Port(board)
again.mount(board.file_blocks)
print(time.gmtime()[:5])
again.set_clock(1800000000)
print(time.gmtime()[:6])
"""
    ran = run(script)
    assert ran.numbers(0) == [2026, 11, 23, 1, 2]
    assert ran.numbers(1) == [2027, 1, 15, 8, 0, 0]


def test_outputs_are_at_rest_first(run):
    """The pilot at +12 V and the rest low, at the first thing a Base does, whatever was before."""
    script = """
for role in board.pins:
    gpio, _, kind, rest = board.pins[role]
    if kind == "out":
        machine.Pin(gpio, machine.Pin.OUT, value=1 - rest)
from hal.rp2_base import Base
Base(board)
print([role for role in board.pins if board.pins[role][2] == "out" and
       machine.Pin(board.pins[role][0]).value() != board.pins[role][3]])
"""
    assert run(script).lines == ["[]"]


def test_a_broken_wire_reads_as_the_safe_answer(tmp_path):
    """Nothing drives the inputs: tripped, closed, no earth, unlocked, not pressed."""
    ran = board.run(
        tmp_path,
        rp2_port.PORT
        + """
print(one.residual_current.tripped(), one.contactor.closed(), one.ground.ok(), one.lock.locked(),
      one.button.pressed())
""",
    )
    assert ran.lines == ["True True False False False"]


def test_a_second_port_takes_everything_over(run):
    """As after a tree that gave up: its samples, its beat and its interlock are stopped."""
    script = """
calls = [0]
def tick(ms, news):
    calls[0] += 1
port.beat(tick)
one.pilot.drive(2667)
one.contactor.drive(True)
time.sleep_ms(20)
port = Port(board)
fresh = port.connectors[0]
before = calls[0]
fresh.pilot.drive(2667)
for _ in range(5):
    time.sleep_ms(3)
    fresh.pilot.sample()
    print(fresh.pilot.high_mv, fresh.pilot.low_mv, fresh.proximity.read_ohm())
print(calls[0] - before, fresh.coils[0].value())
"""
    ran = run(script, *rp2_port.PILOT_C)
    assert set(ran.lines[:5]) == {"5992 -12008 219"}
    assert ran.lines[5] == "0 0"


def test_whether_it_is_provisioned(run):
    """Asked without a mount: nothing, a file system, the file; one of another size, one that
    cannot be read; and the input inside the enclosure."""
    script = """
print(port.provisioned, port.flash.wear())
port.mount(board.file_blocks)
print(port.provisioned)
with open("/flash/provision.json", "w") as file:
    file.write("{}")
print(port.provisioned)
for block in (0, 1):
    port.flash.writeblocks(block, bytes(2048), 24)
print(port.provisioned)
import os, rp2, vfs
os.umount("/flash")
vfs.VfsLfs2.mkfs(rp2.Flash(), progsize=256)
print(port.provisioned)
print(port.unlock.pressed())
"""
    ran = run(script)
    assert ran.lines == ["False (0, 0, 0)", "False", "True", "True", "False", "False"]
    assert run("print(port.unlock.pressed())", "--pin", "16=0").lines == ["True"]
