"""The rp2040 rig: the image of boards/RP2040_RIG on the emulated board, PPP to slirp behind it.

Promise: check() says in one line what is missing. The flash of a new DIR is the image and a file
system made here with provision.json in it; a later run keeps it, and replaces the image's part
when another one has been built.
Boundary: what is started and what it is told; the chip is tools/emulator's.
"""

import os
import re
import shutil
import sys

from . import config, flash_image, wires
from .firmware import NotReady
from .store import BLOCK_BYTES, FLASH_BYTES, ROOT

NAME = "RP2040_RIG"
FOLDER = os.path.join(ROOT, "boards", NAME)
EMULATOR = os.path.join(ROOT, "tools", "emulator")
LIBRARY = os.path.join(ROOT, "build", "emulator", "node_modules", "rp2040js")
ROM = os.path.join(ROOT, "build", "emulator", "rom.bin")
IMAGE = os.environ.get("EVSE_IMAGE", os.path.join(ROOT, "build", "image", NAME, "firmware.bin"))
SLIRP = os.path.join(ROOT, "build", "toolchain", "slirp", "bin", "slirp-fullbolt")
MICROPYTHON = os.path.join(ROOT, "build", "micropython", "bin", "micropython")
HOST = "10.0.2.2"  # slirp's name for the machine it runs on
TIMES = {"erase_ms": "EVSE_ERASE_MS", "program_ms": "EVSE_PROGRAM_MS"}


def _storage_bytes():
    """What the board's configuration keeps of the flash for the firmware."""
    with open(os.path.join(FOLDER, "mpconfigboard.h"), encoding="utf-8") as file:
        found = re.search(r"MICROPY_HW_FLASH_STORAGE_BYTES\s+\((\d+) \* 1024\)", file.read())
    return int(found.group(1)) * 1024


def _areas(facts, base):
    """[first byte, end, slot of its counters] of each part of the storage: stores.py's layout."""
    files = base + facts["file_blocks"] * BLOCK_BYTES
    journal = files + facts["journal_blocks"] * BLOCK_BYTES
    return [
        [base, files, wires.FILES_ERASES],
        [files, journal, wires.JOURNAL_ERASES],
        [journal, FLASH_BYTES, wires.OTHER_ERASES],
    ]


class RP2040:
    own_interlock = True  # its PIO stands before the coil
    every_token = False  # a card is what the PN532 can say

    def check(self):
        """Everything the rig needs is there."""
        node = shutil.which("node")
        for path, way in (
            (node or "node", "install Node.js 18 or newer"),
            (MICROPYTHON, "run `make setup`"),
            (LIBRARY, "run `make emulator`"),
            (ROM, "run `make emulator`"),
            (IMAGE, "run `make emulator`"),
            (SLIRP, "run `make emulator`"),
        ):
            if not os.path.exists(path):
                raise NotReady("--rig rp2040: %s is missing: %s" % (path, way))

    def load(self, path):
        """-> (provisioning, board): the image's board cannot be another one."""
        facts = config.board_literals(os.path.join(FOLDER, "board.py"))
        provisioning, board = config.load(path, facts)
        for name, value in board.items():
            if value != facts[name]:
                where = name if name == "connectors" else "board." + name
                raise config.ConfigError(
                    "%s: the image of %s has %r, not %r" % (where, NAME, facts[name], value)
                )
        return provisioning, board

    def launch(self, rig, rig_json, board):
        """Lays the flash out. -> (command, environment)"""
        base = FLASH_BYTES - _storage_bytes()
        provisioning = dict(rig["provisioning"], net=[HOST, rig["net"][1]])
        flash_image.lay_code(rig["flash"], IMAGE, base)
        flash_image.lay_files(MICROPYTHON, rig["flash"], base, board["file_blocks"], provisioning)
        times = {name: float(os.environ[key]) for name, key in TIMES.items() if key in os.environ}
        rig.update(rom=ROM, facts=board, areas=_areas(board, base), flash_times=times)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        command = [sys.executable, "-SE", os.path.join(EMULATOR, "slirp_pty.py"), SLIRP]
        command += [shutil.which("node"), os.path.join(EMULATOR, "main.mjs")]
        return command, dict(kept, EVSE_RIG=rig_json)
