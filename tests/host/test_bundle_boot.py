"""The boot guard on the bench: a real process, a real image, a real watchdog.

The trees are of two modules and do as their version says; guard, slots and port are the product's.
"""

import json
import shutil
import time
from pathlib import Path

import pytest

from firmware.store.slots import open_slots
from tests.unit.slot_rig import Flash, fetch, prove
from tools import bundle
from tools.sim_bench import Bench

ROOT = Path(__file__).resolve().parents[2]
FIRST, BLOCKS, MPY = 192 + 64, 96, 6
PRODUCT = ("firmware/__init__.py", "firmware/start.py", "firmware/store", "hal/__init__.py")
METAL = ("hal/unix_base.py", "hal/unix_flash.py", "hal/unix_wires.py")
MAIN = '''"""Does as its version says."""
import asyncio, gc, json, sys
import board
from firmware.store.slots import open_slots
from firmware.version import VERSION
from hal.unix_base import Base

async def live(port, slots):
    for beat in range(1000000):
        port.feed_watchdog()
        await asyncio.sleep_ms(10)
        if beat == 20 and slots.on_trial and "good" in VERSION:
            slots.confirm()
            print("confirmed")

def run():
    port = Base(None)
    slots = open_slots(port.region, board.file_blocks + board.journal_blocks, board.slot_blocks,
                       board.NAME, sys.implementation._mpy & 0xFF, __file__)
    gc.collect()
    print("runs", json.dumps([VERSION, slots.running, slots.on_trial, slots.failed,
                              port.reset_cause, gc.mem_alloc()]))
    if "crash" in VERSION:
        raise ValueError("as its version says")
    asyncio.run(live(port, slots))

while "stuck" in VERSION:
    pass
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """What the image came with, version 0.1.0."""
    root = tmp_path_factory.mktemp("tree")
    for name in (*PRODUCT, *METAL):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place)
    (root / "firmware/version.py").write_text('VERSION = "0.1.0"\n')
    (root / "firmware/main.py").write_text(MAIN)
    return root


class Charger:
    def __init__(self, folder, tree):
        self.folder, self.tree = folder, tree
        self.flash = Flash(4096, 512)
        self.flash.data[:] = b"\xff" * len(self.flash.data)
        self.chip = len(self.flash.data)
        self.bench = None

    def slots(self, where=""):
        return open_slots(self.flash.region, FIRST, BLOCKS, "BENCH", MPY, where)

    def install(self, version, starts=0):
        """Pending, or started so often already."""
        data = bundle.make(version, None, self.tree, self.folder / "bundles").read_bytes()
        slots = self.slots()
        fetch(slots, data, piece=1024)
        prove(slots)
        slots.begin_trial()
        for _ in range(starts):
            self.slots().boot()

    def __enter__(self):
        (self.folder / "state").mkdir()
        (self.folder / "state/flash.img").write_bytes(self.flash.data[: self.chip])
        config = {"url": "ws://127.0.0.1:9/x", "cpid": "CP001"}
        self.bench = Bench(config, self.folder, 20, self.tree)
        self.bench.start()
        return self

    def __exit__(self, *_):
        self.bench.stop()

    def until(self, word, count=1):
        end = time.monotonic() + 30
        while self.bench.console.count(word) < count:
            assert time.monotonic() < end, self.bench.console + self.bench.log
            time.sleep(0.02)

    def runs(self, count):
        """What the trees said of themselves, after so many starts."""
        self.until("runs [", count)
        lines = self.bench.console.splitlines()
        return [json.loads(line[5:])[:5] for line in lines if line.startswith("runs [")]

    def power_cycle(self):
        self.bench.ask("power", on=False)
        self.bench.ask("power", on=True)


@pytest.fixture
def charger(tmp_path, tree):
    return Charger(tmp_path, tree)


POWER_ON, WATCHDOG, REQUESTED = 1, 2, 3


def test_nothing_installed(charger):
    with charger:
        assert charger.runs(1) == [["0.1.0", "factory", False, None, POWER_ON]]


def test_good(charger):
    """Runs from its slot, is confirmed, and runs for good."""
    charger.install("2.0-good")
    with charger:
        charger.until("confirmed")
        charger.power_cycle()
        assert charger.runs(2) == [
            ["2.0-good", "a", True, None, POWER_ON],
            ["2.0-good", "a", False, None, POWER_ON],
        ]


def test_never_confirmed(charger):
    """Three starts, then what ran before."""
    charger.install("2.0-silent")
    with charger:
        for count in (1, 2, 3):
            charger.runs(count)
            charger.power_cycle()
        *trials, last = charger.runs(4)
        assert trials == [["2.0-silent", "a", True, None, POWER_ON]] * 3
        why = ["a", "not confirmed in 3 starts"]
        assert last == ["0.1.0", "factory", False, why, POWER_ON]


def test_raises(charger):
    """Given up at once: the next start is the factory's, and says why."""
    charger.install("2.0-crash")
    with charger:
        assert charger.runs(2) == [
            ["2.0-crash", "a", True, None, POWER_ON],
            ["0.1.0", "factory", False, ["a", "ValueError: as its version says"], REQUESTED],
        ]
        assert "tree a is given up" in charger.bench.console


def test_hangs_while_it_is_imported(charger):
    """No line of a main has run that could feed a watchdog: the guard's ends it."""
    charger.install("2.0-stuck", starts=2)
    with charger:
        why = ["a", "not confirmed in 3 starts"]
        assert charger.runs(1) == [["0.1.0", "factory", False, why, WATCHDOG]]
        assert charger.bench.log.count("watchdog: not fed for 8000 ms") == 1


def test_a_smaller_image_of_an_older_bench(charger):
    """Its bytes stay where they are; behind them is erased flash."""
    charger.flash.data[100] = 0x55
    charger.chip = 1 << 20
    with charger:
        charger.runs(1)
    after = (charger.folder / "state/flash.img").read_bytes()
    assert len(after) == 2 << 20
    assert after == charger.flash.data and after[100] == 0x55
