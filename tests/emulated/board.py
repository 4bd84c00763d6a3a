"""The emulated board for one MicroPython script: tools/emulator/try.mjs.

Promise: what is missing skips with the command that makes it. Times are simulated milliseconds
since the script's start, edges exact to the nanosecond.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tools.rig.firmware import NotReady
from tools.rig.rp2040 import EMULATOR, IMAGE, RP2040

EDGE = re.compile(r"@([\d.]+) GP(\d+) (true|false|input)")
WALL_S = 120


def needed():
    """Skips when the rig's parts are not there."""
    try:
        RP2040().check()
    except NotReady as missing:
        pytest.skip(str(missing))


class Ran:
    """What a script printed, line by line, the edges of the traced pins, and how it ended."""

    def __init__(self, text):
        lines = text.splitlines()
        self.edges = {}  # pin -> [(ms, level), ...]
        self.lines = []
        for line in lines:
            found = EDGE.search(line)
            if found is None:
                self.lines.append(line)
            elif found[3] != "input":
                edges = self.edges.setdefault(int(found[2]), [])
                edges.append((float(found[1]), found[3] == "true"))
        self.end = [line[3:] for line in self.lines if line.startswith("-- ")]
        self.lines = [line for line in self.lines if line and not line.startswith("-- ")]

    def numbers(self, line=0):
        return [int(word) for word in re.findall(r"-?\d+", self.lines[line])]

    @property
    def ended(self):
        """(why, at which millisecond)"""
        return self.end[0], float(self.end[-1].split()[0])

    def rises(self, pin):
        return [at for at, level in self.edges[pin] if level]

    def falls(self, pin):
        return [at for at, level in self.edges[pin] if not level]


def run(folder, script, *options, image=IMAGE):
    path = Path(folder, "script.py")
    path.write_text(script)
    command = ["node", EMULATOR + "/try.mjs", *options, str(image), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WALL_S)
    assert not done.stderr, done.stderr
    return Ran(done.stdout)
