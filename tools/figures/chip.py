"""The figures of docs/figures.md, measured on the emulated RP2040 in the time of its own clock.

    python tools/figures/chip.py                    all of them (about a quarter of an hour)
    python tools/figures/chip.py pilot [--events N] one: pilot trip stuck beat allocations calls
                                                    heap image boot; then the page is written anew

beat, allocations, calls, heap and boot are read from the same run of the whole firmware. What was
measured is kept in build/figures/chip.json. A machine that lacks the emulator, or what builds the
image, is told so, and the page stays as it is.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import image, image_figures
from tools.figures import chip_page, chip_scripts
from tools.image_key import ROOT, Refused
from tools.rig.firmware import NotReady
from tools.rig.rp2040 import RP2040

BOARD = "RP2040_RIG"
KEPT = ROOT / "build/figures/chip.json"
PAGE = ROOT / "docs/figures.md"
DRIVER = ROOT / "tools/emulator/figure.mjs"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
EVENTS = 1000
SEED = 1
TRAFFIC_S = 60
BOOTS = 5
HANDSHAKES = 3
SCRIPTS = {"pilot": "KERNEL", "trip": "INTERLOCK", "stuck": "INTERLOCK"}
WHOLE = ("beat", "allocations", "calls", "heap", "boot")


class Chip:
    """An image, its symbols, and a folder."""

    def __init__(self, folder):
        made, _ = image.build(BOARD)
        self.folder = Path(folder)
        self.image = self.folder / "firmware.bin"  # a copy: another build may come meanwhile
        self.image.write_bytes((made / "firmware.bin").read_bytes())
        self.symbols = image_figures.symbols(made / "firmware.elf")
        self.sizes = image_figures.figures(made)
        (self.folder / "symbols.json").write_text(json.dumps(self.symbols))

    def events(self, kind, loaded, events):
        name = "loaded" if loaded else "idle"
        script = self.folder / (name + ".py")
        script.write_text(chip_scripts.script(getattr(chip_scripts, SCRIPTS[kind]), loaded))
        command = ["node", DRIVER, kind, self.image, self.folder / "symbols.json", script]
        ran = subprocess.run(
            [*map(str, command), str(events), str(SEED)],
            check=True,
            capture_output=True,
            text=True,
        )
        told = json.loads(ran.stdout)
        never = any(None in times for times in told["found"].values())
        if told["problem"] or never:
            raise SystemExit("chip: %s %s: %s %s" % (kind, name, told["problem"], told["said"]))
        return told

    def pair(self, kind, events):
        both = (("idle", False), ("loaded", True))
        return {name: self.events(kind, loaded, events) for name, loaded in both}

    def whole(self, tls):
        from tools.figures import chip_whole

        folder = self.folder / ("tls" if tls else "plain")
        folder.mkdir()
        if tls:
            return chip_whole.over_tls(folder, self.image, self.symbols, HANDSHAKES)
        return chip_whole.plain(folder, self.image, self.symbols, TRAFFIC_S, BOOTS)

    def size(self):
        return {"image": self.sizes["image"], "stock": image_figures.stock(build=True)}


def heap32():
    """In use when all rooms are built: the 32-bit unix build, tools/figures/chip_heap.py."""
    command = [sys.executable, str(Path(__file__).with_name("chip_heap.py"))]
    found = re.search(
        r"([\d,]+)  all$",
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(),
    )
    return int(found[1].replace(",", "")) if found else None


def measure(wanted, events):
    """(name, what was found), one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        chip = Chip(folder)
        for kind in SCRIPTS:
            if kind in wanted:
                yield kind, chip.pair(kind, events)
        if "image" in wanted:
            yield "image", chip.size()
        if "heap" in wanted:
            size = heap32()
            if size:
                yield "heap32", size
        if any(name in wanted for name in WHOLE):
            yield "whole", chip.whole(False)
            yield "tls", chip.whole(True)


def keep(name, found):
    """-> all that was ever measured here, this included; the page says so."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    store = dict(json.loads(KEPT.read_text()) if KEPT.exists() else {}, **{name: found})
    KEPT.write_text(json.dumps(store))
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + chip_page.table(store) + "\n" + END + after)
    return store


def main(arguments):
    parser = argparse.ArgumentParser(description="Figures of the emulated RP2040.")
    parser.add_argument("figure", nargs="*", choices=[[], *chip_page.MEASURES], metavar="FIGURE")
    parser.add_argument("--events", type=int, default=EVENTS)
    told = parser.parse_args(arguments)
    try:
        RP2040().check()
        for name, found in measure(told.figure or chip_page.MEASURES, told.events):
            store = keep(name, found)
            print("chip: %s measured" % name, flush=True)
    except (NotReady, Refused) as e:
        print("chip: not measured: %s" % e)
        return 0
    print(chip_page.table(store))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
