"""The rp2040 rig around the emulator: what it lays into the flash, what it keeps, what it refuses,
and that nothing of it outlives the bench.
"""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.emulated import board
from tests.scenarios.bench import ROOT, Bench, Refused
from tools.rig import flash_image, rp2040, wires
from tools.rig.firmware import NotReady
from tools.rig.store import FLASH_BYTES
from tools.sim_process import birth, descendants

BASE = FLASH_BYTES - (1 << 20)


@pytest.fixture(autouse=True)
def _parts(monkeypatch):
    board.needed()
    monkeypatch.setenv("EVSE_BENCH_RIG", "rp2040")


@pytest.fixture
def make(tmp_path):
    """Benches of one state folder; the last one is stopped."""
    made = []

    def one(**fields):
        config = dict({"url": "ws://127.0.0.1:9/ocpp", "cpid": "CP001"}, **fields)
        made.append(Bench(config, tmp_path, 4).start())
        return made[-1]

    yield one
    for bench in made:
        bench.stop()


def provision(flash):
    """What the board would read, told by LittleFS itself."""
    script = flash_image.SCRIPT.partition("for i in range")[0]
    script += "print(files.open('provision.json', 'r').read())"
    command = [rp2040.MICROPYTHON, "-c", script, str(flash), str(BASE), "176"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_wires_have_one_layout():
    """tools/emulator/wires.mjs has the numbers of tools/rig/wires.py."""
    names = "RESET_CAUSE TTY_BYTES SCRATCH FREEZE".split()
    names += "PILOT_HIGH PILOT_LOW DUTY COIL FEEDBACK TRIP TEST GROUND_OK LOCK_DRIVE".split()
    names += "LOCK_FEEDBACK PROXIMITY_OHM TEMPERATURE_DC BUTTON".split()
    script = "import('%s/wires.mjs').then((w) => console.log(JSON.stringify(w)))" % rp2040.EMULATOR
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    theirs.update(theirs.pop("SLOT"))
    for name in names:
        ours = getattr(wires, name)
        in_connector = names.index(name) >= names.index("PILOT_HIGH")
        assert theirs[name] == ours + (wires.BASE if in_connector else 0), name
    assert theirs["FLASH"] == wires.FLASH_ERASES
    assert (theirs["POWER_ON"], theirs["WATCHDOG"], theirs["REQUESTED"]) == (
        wires.POWER_ON,
        wires.WATCHDOG,
        wires.REQUESTED,
    )


def test_the_first_start_lays_out_the_flash_and_the_next_keeps_it(make, tmp_path):
    first = make(cpid="FIRST")
    first.until(powered=True, timeout=1)
    first.stop()
    flash = tmp_path / "state/flash.img"
    image = Path(rp2040.IMAGE).read_bytes()
    assert flash.read_bytes()[: len(image)] == image
    told = provision(flash)
    assert told["cpid"] == "FIRST" and told["net"][0] == "10.0.2.2"
    mark = b"kept over runs"
    with flash.open("r+b") as file:
        file.seek(FLASH_BYTES - 4096)
        file.write(mark)
        file.seek(1000)
        file.write(b"another image was here")
    second = make(cpid="SECOND")
    second.until(powered=True, timeout=1)
    second.stop()
    now = flash.read_bytes()
    assert now[: len(image)] == image
    assert now[FLASH_BYTES - 4096 :].startswith(mark)
    assert provision(flash)["cpid"] == "SECOND"


def test_an_image_that_does_not_fit_is_refused(tmp_path):
    flash, image = tmp_path / "flash", tmp_path / "image"
    flash.write_bytes(b"\xff" * 8192)
    image.write_bytes(bytes(4097))
    with pytest.raises(NotReady, match="4097 bytes"):
        flash_image.lay_code(str(flash), str(image), 4096)


def test_cards_no_pn532_carries_are_refused(make):
    bench = make()
    with pytest.raises(Refused, match="no PN532 carries"):
        bench.swipe("Any-token")
    bench.swipe("04A2B3C4D5E6F7")


def test_what_is_not_known_is_null(make):
    bench = make()
    state = bench.state()
    assert state["powered"] and state["pid"]
    assert state["boot"] is None and state["heap_free"] is None
    assert state["connectors"][0]["ocpp_status"] is None
    bench.power(False)
    state = bench.state()
    one = state["connectors"][0]
    assert not one["coil"] and one["pilot_mv"] == [0, 0]
    assert (state["powered"], state["pid"], state["boot"]) == (False, None, None)


def test_nothing_outlives_the_bench(make):
    bench = make()
    bench.until(powered=True, timeout=1)
    bench.run(0.5)
    children = descendants(bench.process.pid)
    words = [Path("/proc/%d/cmdline" % pid).read_bytes() for pid, _ in children]
    assert any(b"main.mjs" in one for one in words), words
    assert any(b"slirp-fullbolt" in one for one in words), words
    bench.process.send_signal(signal.SIGKILL)
    bench.process.wait(5)
    end = time.monotonic() + 5
    while any(birth(pid) == born for pid, born in children) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid, born in children if birth(pid) == born]
    bench.process = None


@pytest.mark.parametrize("name", ["LIBRARY", "ROM", "IMAGE", "SLIRP"])
def test_one_line_says_what_is_missing(monkeypatch, name):
    monkeypatch.setattr(rp2040, name, "/nowhere/" + name)
    with pytest.raises(NotReady, match=re.escape("/nowhere/%s is missing: " % name)) as told:
        rp2040.RP2040().check()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("field", [{"connectors": 2}, {"board": {"socket": False}}])
def test_the_image_s_board_cannot_be_another_one(tmp_path, field):
    config = tmp_path / "bench.json"
    config.write_text(json.dumps(dict(field, url="ws://127.0.0.1:9/x", cpid="C")))
    command = [ROOT / "tools/bench", "--config", config]
    command += ["--state", tmp_path / "state", "--control", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "the image of RP2040_RIG has" in done.stderr and done.stderr.count("\n") == 1
