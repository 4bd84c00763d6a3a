"""The millisecond of the RP2040 port: exact, whatever Python, the collector or the flash do, and
in it a kernel that allocates nothing. Figures are printed with `pytest -s`.
"""

from itertools import pairwise

import pytest

from tests.emulated import board, rp2_port


@pytest.fixture(scope="module", autouse=True)
def _parts():
    board.needed()


@pytest.fixture
def run(tmp_path):
    return lambda script, *options: rp2_port.run(tmp_path, script, *options)


# A pin that the interrupt drives: its edges are the beat's, seen from outside.
MARK = """
micropython.alloc_emergency_exception_buf(100)
mark = machine.Pin(13, machine.Pin.OUT, value=0)
high = mark.on
low = mark.off
one.pilot.drive(2667)
one.eye.expect(1000000, 1000000, 1000000)  # all is news: every millisecond is told
def tick(ms, news):
    high()
    low()
port.beat(tick)
"""
IDLE = "time.sleep_ms(300)\n"
BUSY = """
import json
said = [2, "19223201", "StartTransaction", {"connectorId": 1, "meterStart": 123456}]
keep = [bytearray(100) for _ in range(300)]
until = time.ticks_add(time.ticks_ms(), 300)
while time.ticks_diff(until, time.ticks_ms()) > 0:
    json.loads(json.dumps(said))
    gc.collect()
"""
SHA = "import hashlib\nfor _ in range(40):\n    hashlib.sha256(bytes(20000)).digest()\n"


def gaps_us(ran):
    rises = ran.rises(13)[2:]  # the first comes while start() still runs
    assert len(rises) > 250
    return [1000 * (b - a) for a, b in pairwise(rises)]


@pytest.mark.parametrize(("work", "jitter_us"), [(IDLE, 1), (BUSY, 12), (SHA, 12)])
def test_the_beat_is_exact(run, work, jitter_us):
    ran = run(MARK + work, "--trace", "13")
    gaps = gaps_us(ran)
    print("beat: %.3f to %.3f us" % (min(gaps), max(gaps)))
    assert all(abs(gap - 1000) <= jitter_us for gap in gaps), (min(gaps), max(gaps))
    rises = ran.rises(13)[2:]
    whole = round(rises[-1] - rises[0])
    assert abs(rises[-1] - rises[0] - whole) < 0.001 * 2 * jitter_us  # and none was lost


def test_an_erase_holds_it_back_and_no_longer(run):
    """Interrupts are masked for the 45 ms of an erase, and back to the grid of before it after."""
    script = MARK + IDLE + "port.flash.ioctl(6, 200)\n" + IDLE
    ran = run(script, "--trace", "13")
    gaps = gaps_us(ran)
    print("beat over an erase: %.3f ms" % (max(gaps) / 1000))
    assert 44000 < max(gaps) < 47000
    assert sum(abs(gap - 1000) > 5 for gap in gaps) <= 2
    whole_ms = ran.rises(13)[-1] - ran.rises(13)[2]
    assert abs(whole_ms - round(whole_ms)) < 0.005


def test_the_phase_to_the_pilot(run):
    """In the middle of the period: what a tick writes holds from the next edge on."""
    ran = run(MARK + IDLE, "--trace", "13,2")
    edges = ran.rises(2)
    for beat in ran.rises(13)[-200:-5]:
        since = beat - max(edge for edge in edges if edge <= beat)
        assert 0.5 < since < 0.6, since


def test_every_second_millisecond_without_news(run):
    script = """
one.eye.expect(-1000000, 1000000, 1000000)
calls = [0, 0, 0]
def tick(ms, news):
    calls[0] += 1
    calls[1] += ms
    calls[2] += news
port.beat(tick)
time.sleep_ms(201)
print(calls)
one.eye.expect(1000000, 1000000, 1000000)
time.sleep_ms(100)
print(calls)
"""
    ran = run(script)
    calls, ms, news = ran.numbers(0)
    assert calls in (100, 101) and ms == 2 * calls and news == 0
    more, _, news = ran.numbers(1)
    assert 99 <= more - calls <= 102 and 99 <= news <= 102


KERNEL = """
import sys
from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit
micropython.alloc_emergency_exception_buf(100)
kernel = Kernel(one, Limit(max_ma=32000, socket=True, ventilation=False))
failed = None
worst = spent = beats = 0
def tick(ms, news):
    global failed, worst, spent, beats
    begun = time.ticks_us()
    try:
        kernel.beat(ms, news)
    except Exception as error:
        kernel.fail()
        failed = failed or error
    took = time.ticks_diff(time.ticks_us(), begun)
    spent += took
    beats += 1
    if took > worst:
        worst = took
port.beat(tick)
def report(what):
    global worst, spent, beats
    if failed:
        sys.print_exception(failed)
    print(what, kernel.facts.letter, kernel.facts.faults, kernel.wishes.close, worst,
          spent // beats)
    worst = spent = beats = 0
time.sleep_ms(300)
report("x1")
kernel.meter_read(0, 2300)
kernel.facts.armed = True
kernel.facts.permit_ma = 16000
time.sleep_ms(1200)
kernel.meter_read(0, 2300)
report("charge")
time.sleep_ms(1500)
report("charging")
"""
# Locked; the detector answers its own test; the mirror contact is beside.
CAR = ("--pilot", "2:0:2400:150", "--pin", "22=1", "--wire", "12=7", "--trace", "6")


def test_a_kernel_in_the_interrupt_charges_and_allocates_nothing(run):
    """A beat that allocated would have failed: the heap is locked in a hard interrupt."""
    script = KERNEL.replace(
        "port.beat(tick)",
        'del board.pins["feedback"]\nport = Port(board)\n'
        "one = port.connectors[0]\nkernel = Kernel(one, kernel.limit)\n"
        "port.beat(tick)",
    )
    ran = run(script, *CAR)
    print("\n".join(ran.lines))
    assert ran.lines[2].split()[:4] == ["charging", "C", "0", "True"], ran.lines
    assert all(int(line.split()[4]) < 1000 for line in ran.lines)
    assert len(ran.rises(6)) == 1


def test_the_eye_takes_a_small_part_of_the_millisecond(run):
    script = """
one.eye.expect(-1000000, 1000000, 1000000)
still = one.eye.still
begun = time.ticks_us()
for _ in range(100):
    still(); still(); still(); still(); still(); still(); still(); still(); still(); still()
print(time.ticks_diff(time.ticks_us(), begun))
begun = time.ticks_us()
sample = one.pilot.sample
for _ in range(100):
    sample()
print(time.ticks_diff(time.ticks_us(), begun) // 100)
"""
    ran = run(script)
    still_us, sample_us = ran.numbers(0)[0] / 1000, ran.numbers(1)[0]
    print("still %.1f us, sample %d us" % (still_us, sample_us))
    assert still_us < 45 and sample_us < 130
