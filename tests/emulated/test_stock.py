"""Stock MicroPython for a Raspberry Pi Pico in the emulator, at a serial port as a real one:
what tools/deploy.py copies there runs, what does not fit does not, and after a cut nothing starts.
"""

import os
import subprocess
import time
import tty

import pytest
from mpremote.transport import TransportError

from tests.emulated import board, satellite
from tools import deploy, deploy_board, deploy_image, image_figures, image_rp2
from tools.board_manifest import STARTS
from tools.image_key import ROOT, NotHere, sum_of
from tools.rig import flash_image, rp2040

FLASH_BYTES = 2 << 20
# As many as the board's manifest names; test_deploy.py compares the two by name.
FILES = len(deploy.board_manifest.ships(deploy.find("PICO_SATELLITE")).keys() - STARTS)
RIG = ROOT / "build/image/RP2040_RIG/firmware.bin"
# The rooms of OCPP that a small board can do without.
OPTIONAL = (
    "security_events firmware_management reservation smart_charging remote_trigger"
    " security_profile certificates signed_update"
).split()
LOAD = """
import gc, sys
def load(name):
    try:
        __import__(name)
    except MemoryError:
        print("MemoryError")
    gc.collect()
    print(gc.mem_alloc())
"""


def stock():
    """MicroPython's own image. Skips, with the reason, where it cannot be made."""
    board.needed()  # the emulator
    try:
        image_figures.stock(build=True)
        _, fact = image_rp2.tree_for("RP2040_RIG")
    except NotHere as missing:
        pytest.skip(str(missing))
    key = sum_of([image_figures.MANIFEST], fact)[:12]
    return image_rp2.IMAGES / "stock" / key / "firmware.bin"


class Plug:
    """A board at a serial port. `flash` keeps what it keeps; out() cuts its power."""

    def __init__(self, folder, image):
        self.flash = folder / "firmware.bin"
        self.flash.write_bytes(image.read_bytes().ljust(FLASH_BYTES, b"\xff"))
        self._process = None
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)

    def power(self):
        assert self._process is None or self._process.poll() is not None
        command = ["node", ROOT / "tools/emulator/terminal.mjs", self.flash]
        self._process = subprocess.Popen(
            command,
            env=dict(os.environ, EVSE_TTY_FD=str(self._master)),
            pass_fds=[self._master],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.told() == "connected"
        return self

    def told(self):
        return self._process.stdout.readline().strip()

    def out(self):
        self._process.kill()
        self._process.communicate()

    def close(self):
        self.out()
        os.close(self._master)
        os.close(self._slave)

    def reads(self, enough, seconds=5):
        """What the console prints by itself, until `enough` is in it."""
        said, until = b"", time.monotonic() + seconds
        os.set_blocking(self._slave, False)
        while enough not in said and time.monotonic() < until:
            try:
                said += os.read(self._slave, 4096)
            except BlockingIOError:
                time.sleep(0.01)
        os.set_blocking(self._slave, True)
        return said.decode()

    def device(self):
        return deploy_board.Device(self.port)


@pytest.fixture
def pico(tmp_path):
    made = Plug(tmp_path, stock()).power()
    yield made
    made.close()


def send(plug, name="PICO_SATELLITE", *more):
    return deploy.main([name, "--port", plug.port, *more])


def test_a_satellite_runs_from_files(pico, tmp_path, capsys, monkeypatch):
    """Copied, then on its own: the very flash, with a car on its pins."""
    assert send(pico) == 0
    assert f"{FILES} files copied, 0 removed, all verified" in capsys.readouterr().out
    with pico.device() as device:
        device.run(LOAD)
        device.run("load('hal.rp2')")
        used = int(device.run("load('firmware.satellite')"))
        print(f"heap: {used:,} of {device.heap:,} once imported")
    assert used <= 80000 < deploy.SATELLITE_HEAP
    pico.out()
    monkeypatch.setattr(satellite, "folder", lambda: tmp_path)
    station = satellite.Station()
    try:
        station.meet()
        print(f"from power on to its first word: {station.now:.0f} ms")
        station.charge(16000)
        assert abs(station.duty - 2667) <= 10
        station.car.auto = False
        station.car.letter = "B"
        since = station.now
        station.run(200)
        took = station.edges[-1][0] - since
        print(f"C to B: {took:.1f} ms")
        assert not station.coil and took <= 30
    finally:
        station.close()
    pico.power()


def test_again_only_what_changed(pico, capsys):
    """While the satellite runs, with its watchdog."""
    assert send(pico) == 0
    with pico.device() as device:
        device.write("/hal/gone.mpy", b"x")
        device.write("/hal/lock.mpy", b"y")
        device.write("/own.txt", b"z")
        device.reset()
    capsys.readouterr()
    assert send(pico) == 0
    assert "1 files copied, 1 removed, all verified" in capsys.readouterr().out
    time.sleep(0.5)  # it runs
    assert send(pico) == 0
    assert "0 files copied, 0 removed, all verified" in capsys.readouterr().out
    with pico.device() as device:
        assert "own.txt" in device.run("import os; print(os.listdir('/'))")


@pytest.mark.parametrize("files", [0, 1, 17, FILES - 1])
def test_the_power_goes_while_it_copies(pico, monkeypatch, capsys, files):
    written, count = deploy_board.Device.write, iter(range(1000))

    def cut(device, name, data):
        if next(count) == files:
            written(device, name, b"")
            device.run(f"f = open({name!r}, 'wb'); f.write(bytes({len(data) // 2}))")
            pico.out()
            raise TransportError("the power is out")
        written(device, name, data)

    monkeypatch.setattr(deploy_board.Device, "write", cut)
    assert send(pico) == 1
    assert "the power is out; run it again" in capsys.readouterr().err
    monkeypatch.undo()
    pico.power()
    with pico.device() as device:
        there = device.ask("import os; print(os.listdir('/'))")
    assert "main.py" not in there and "boot.py" not in there
    assert send(pico) == 0
    told = f"{FILES - files} files copied, 0 removed, all verified"
    assert told in capsys.readouterr().out


def test_what_is_damaged_does_not_start(pico):
    assert send(pico) == 0
    with pico.device() as device:
        good = device._transport.fs_readfile("/firmware/evse/decide.mpy")
        device.write("/firmware/evse/decide.mpy", bytes(good[:-1]) + bytes([good[-1] ^ 1]))
        device.reset()
    said = pico.reads(b">>> ")
    assert "/firmware/evse/decide.mpy is not what was copied: run tools/deploy.py" in said
    assert send(pico) == 0


def test_a_charge_point_does_not_fit(pico, capsys):
    """Not even with Core and its local list alone, of the largest heap an RP2040 has: no network
    is in this image."""
    assert send(pico, "W5500_EVB_PICO_EVSE") == 3
    assert "make image BOARD=W5500_EVB_PICO_EVSE, then deploy" in capsys.readouterr().err
    files = deploy.tree(deploy.find("W5500_EVB_PICO_EVSE"))
    with pico.device() as device:
        assert device.heap < deploy.HEAP
        assert device.run("import vfs; print(hasattr(vfs, 'VfsRom'))").strip() == "False"
        for name, data in files.items():
            if name.removeprefix("/firmware/ocpp/v16/").removesuffix(".mpy") not in OPTIONAL:
                device.write(name, data)
        device.run(LOAD)
        said = device.run("load('firmware.main')").split()
        print(f"heap: {said[-1]} of {device.heap} in use when it ran out")
        assert said[0] == "MemoryError"


# --- the image ------------------------------------------------------------------------------


@pytest.fixture
def rig(tmp_path):
    board.needed()
    made = Plug(tmp_path, RIG).power()
    yield made
    made.close()


def manufacturer(folder, cpid):
    (folder / "root.der").write_bytes(bytes(range(256)) * 4)
    path = folder / "charger.json"
    path.write_text(f'{{"url": "ws://c/o", "cpid": "{cpid}", "tls": {{"ca": "root.der"}}}}')
    return str(path)


def test_an_image_is_provisioned_where_its_firmware_looks(rig, tmp_path, capsys):
    """At the prompt of an image that has no provision.json; from then on it has no prompt."""
    volume = tmp_path / "RPI-RP2"
    volume.mkdir()
    (volume / deploy_image.MARK).write_text("UF2 Bootloader v3.0")
    more = ["--image", "--volume", str(volume), "--provision"]
    assert send(rig, "RP2040_RIG", *more, manufacturer(tmp_path, "CP7")) == 0
    assert "root.der, provision.json written to /flash" in capsys.readouterr().out
    assert (volume / "firmware.uf2").stat().st_size > RIG.stat().st_size
    assert rig.told() == "reset"
    rig.out()
    script = flash_image.SCRIPT.partition("for i in range")[0]
    script += "print(files.open('provision.json', 'r').read(), files.stat('root.der')[6])"
    command = [rp2040.MICROPYTHON, "-c", script, rig.flash, str(FLASH_BYTES - (1 << 20)), "176"]
    given = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert '"cpid": "CP7"' in given and '"/flash/root.der"' in given and "1024" in given
    rig.power()


def test_the_journal_stays_unless_it_is_told_to_go(rig, tmp_path, capsys):
    mark = b"what was billed"
    at = FLASH_BYTES - (1 << 20) + 176 * 4096
    rig.out()
    with rig.flash.open("r+b") as flash:
        flash.seek(at)
        flash.write(mark)
    rig.power()
    told = deploy.parse(["RP2040_RIG", "--port", rig.port, "--provision", "x"])
    told.provision = tmp_path / "charger.json"
    manufacturer(tmp_path, "CP8")
    for told.format in (False, True):
        with rig.device() as device:
            deploy.settle(deploy.find("RP2040_RIG"), device, told)
        assert (rig.flash.read_bytes()[at:].startswith(mark)) is not told.format


def test_another_file_system_is_not_taken_for_ours(rig, tmp_path, capsys):
    """As stock MicroPython leaves it where its storage has the same place."""
    with rig.device() as device:
        device.run("import rp2, vfs; vfs.VfsLfs2.mkfs(rp2.Flash(), progsize=256)")
    path = manufacturer(tmp_path, "CP9")
    told = deploy.parse(["RP2040_RIG", "--port", rig.port, "--provision", path])
    with rig.device() as device, pytest.raises(deploy.Refused, match="--format erases it"):
        deploy.settle(deploy.find("RP2040_RIG"), device, told)
