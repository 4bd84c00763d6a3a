"""Who reaches the console of the RP2040's image: nobody where it is provisioned, whatever is typed
from the first instant on; whoever is there where it is not; and the way back between the two.
"""

import json
import os
import subprocess
from itertools import pairwise

import pytest
from mpremote.transport_serial import SerialTransport

from tests.emulated import board
from tests.emulated.test_stock import FLASH_BYTES, RIG, Plug, manufacturer, send
from tests.scenarios.conftest import charger
from tools.rig import flash_image, rp2040
from tools.sim_process import descendants

BASE = FLASH_BYTES - (1 << 20)
BLOCKS = 256
# Ctrl-C, Ctrl-B, Ctrl-A, Ctrl-D, Enter, and a line for either prompt.
KEYS = b"\x03\x03\x02\r\x01\x04\x03print('hy'+'dra')\r\x04"
CANARY = b"canary 5e1f 8a02 in the clear"
UNLOCK = 16
HOLD_MS, ERASE_MS = 10000, 45


@pytest.fixture
def flash(tmp_path):
    """A provisioned one, in whose journal and last blocks are secrets too."""
    board.needed()
    keys = {"X": CANARY.decode()}
    return lay(tmp_path, {"url": "ws://127.0.0.1:9/o", "cpid": "C", "keys": keys})


def lay(folder, provisioning):
    path = folder / "flash.bin"
    path.write_bytes(RIG.read_bytes().ljust(FLASH_BYTES, b"\xff"))
    given = folder / "provision.json"
    given.write_text(provisioning if isinstance(provisioning, str) else json.dumps(provisioning))
    command = [rp2040.MICROPYTHON, "-c", flash_image.SCRIPT, path, str(BASE), "176"]
    subprocess.run([*command, given, given.name], check=True)
    with path.open("r+b") as file:
        for block in (100, 180, 250, BLOCKS - 1):
            file.seek(BASE + block * 4096 + 1024)
            file.write(CANARY)
    return path


class Ran:
    """`said`: all of the console; `resets`: [(ms, how)]; `coil`: was it ever driven high."""

    def __init__(self, flash, ms, keys=b"", *plan):
        script = "tests/emulated/rp2_console.mjs"
        command = ["node", script, str(flash), str(ms), keys.hex(), *plan]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert not done.stderr, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.said = "".join(row.get("said", "") for row in rows).replace("\r", "")
        self.resets = [(row["ms"], row["reset"]) for row in rows if "reset" in row]
        self.coil = any(row.get("coil") for row in rows)
        self.ms = rows[-1]["ms"]

    def silent(self):
        """Neither prompt, and nothing that was typed came back or was run."""
        answers = (">>>", "raw REPL", "MicroPython v", "soft reboot", "hydra", "print(")
        return [word for word in answers if word in self.said] == []


def secrets(flash):
    return flash.read_bytes()[BASE:].count(CANARY)


# --- shut -----------------------------------------------------------------------------------


def test_a_flood_from_the_first_instant_changes_nothing(flash):
    """What it prints is what it prints when nobody types."""
    quiet, flooded = Ran(flash, 6000), Ran(flash, 6000, KEYS)
    print(flooded.said)
    assert "console: shut" in flooded.said and "bytes of heap in use" in flooded.said
    for ran in (quiet, flooded):
        assert ran.silent() and ran.resets == [] and not ran.coil


@charger()
def test_a_flood_while_a_car_charges(rig, csms, bench):
    rig.begin()
    bench.run(5)
    before, boots = len(bench.console), bench.state()["boots"]
    for _ in range(10):
        type_into(bench, KEYS * 100)
        bench.never(1, coil=False)
    said = bench.console[before:]
    assert ">>>" not in said and "REPL" not in said and "KeyboardInterrupt" not in said
    assert bench.state()["boots"] == boots and bench.connector()["contactor"]
    assert rig.finish().wh > 0


def type_into(bench, keys):
    """To the emulator's own end of the console; what its pipe refuses nobody has typed."""
    for pid, _ in descendants(bench.process.pid):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().split(b"\0")
        if not command[0].endswith(b"node"):
            continue
        pipe = os.open(f"/proc/{pid}/fd/0", os.O_WRONLY | os.O_NONBLOCK)
        try:
            assert os.write(pipe, keys) == len(keys)
        finally:
            os.close(pipe)
        return
    raise AssertionError("no emulator")


def test_a_firmware_that_raises_ends_in_a_reset(tmp_path):
    """At once, and as a crash that is counted: the fifth time it waits, and shows no prompt
    either."""
    board.needed()
    path = lay(tmp_path, '{"url": "ws://c/o"')
    ran = Ran(path, 12000, KEYS)
    print(ran.said)
    assert ran.said.count("Traceback") == len(ran.resets) == 5
    assert {how for _, how in ran.resets} == {"watchdog"}
    assert "5 crashes in a row, the next try in 60 s" in ran.said
    assert ran.silent() and not ran.coil
    lived = [b - a for a, b in pairwise([0, *(ms for ms, _ in ran.resets)])]
    print("ms from start to reset:", lived)
    assert max(lived) < 2000, "sooner than the watchdog of the firmware itself"


# --- open -----------------------------------------------------------------------------------


@pytest.fixture
def plug(tmp_path):
    board.needed()
    made = Plug(tmp_path, RIG).power()
    yield made
    made.close()


def test_open_until_it_is_provisioned(plug, tmp_path, capsys, monkeypatch):
    """No firmware runs on it: its prompt waits for ever. Then deploy says what is the matter."""
    said = plug.reads(b">>> ")
    assert "console: open, this device is not provisioned" in said
    volume = tmp_path / "RPI-RP2"
    volume.mkdir()
    (volume / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0")
    more = ["--image", "--volume", str(volume)]
    given = manufacturer(tmp_path, "CP7")
    assert send(plug, "RP2040_RIG", *more, "--provision", given) == 0
    assert "root.der, provision.json written to /flash" in capsys.readouterr().out
    assert plug.told() == "reset"
    assert "console: shut" in plug.reads(b"heap in use")
    # At a pty mpremote waits while something is printed, at a real port no longer than told.
    monkeypatch.setattr(SerialTransport, "_is_pty_device", staticmethod(lambda device: False))
    for option in (["--provision", given], ["--format"]):
        assert send(plug, "RP2040_RIG", *more, *option) == 3
        (line,) = capsys.readouterr().err.splitlines()
        assert "keeps its console shut until its storage is erased, see docs/flashing.md" in line


def test_without_provisioning_no_contactor_closes(tmp_path):
    board.needed()
    path = tmp_path / "flash.bin"
    path.write_bytes(RIG.read_bytes().ljust(FLASH_BYTES, b"\xff"))
    ran = Ran(path, 5000)
    assert ran.said.endswith(">>> ") and ran.resets == [] and not ran.coil


# --- the way back ---------------------------------------------------------------------------


def held(until):
    return [f"0:{UNLOCK}=0", f"{until}:{UNLOCK}=1"]


def test_the_way_back_leaves_no_secret(flash):
    ran = Ran(flash, 60000, b"", *held(HOLD_MS + 2000))
    print(ran.said, ran.resets, ran.ms)
    assert ran.said.endswith(">>> ") and not ran.coil
    assert "console: open" in ran.said.partition("everything is being erased")[2]
    assert [how for _, how in ran.resets] == ["asked"]
    assert flash.read_bytes()[BASE:] == b"\xff" * (BLOCKS * 4096)


@pytest.mark.parametrize("until", [HOLD_MS - 500, 10**9])
def test_not_held_long_enough_or_never_let_go(flash, until):
    """A short jumper wire that somebody forgot costs twenty seconds of each boot, and no bill."""
    ran = Ran(flash, 26000, KEYS, *held(until))
    print(ran.said)
    assert "unlock is held" in ran.said and "console: shut" in ran.said
    assert ("not let go: nothing is erased" in ran.said) is (until > HOLD_MS)
    assert "erased" not in ran.said.partition("console: shut")[2]
    assert ran.silent() and ran.resets == []
    assert secrets(flash), "the firmware runs on what it had"


def test_a_power_cut_in_the_middle_of_it(flash):
    """No prompt until the last secret is gone, and nobody is needed to go on."""
    since = HOLD_MS + 2000
    first = Ran(flash, since + 1500 + 30 * ERASE_MS, KEYS, *held(since))
    assert "everything is being erased" in first.said and first.silent() and first.resets == []
    assert secrets(flash) == 3, "provision.json and the last block are gone, the others are not"
    second = Ran(flash, 150 * ERASE_MS, KEYS)
    assert "everything is being erased" in second.said and second.silent()
    assert 0 < secrets(flash) < 3
    third = Ran(flash, 60000)
    assert third.said.endswith(">>> ")
    assert flash.read_bytes()[BASE:] == b"\xff" * (BLOCKS * 4096)
