"""The unix rig: the firmware in MicroPython's unix port, compiled fresh, with the bench's clock
preloaded.

Boundary: what is started and what it is told; processes are process.py's.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools import bundle

from . import config
from .firmware import NotReady
from .store import ROOT

BOARD = os.path.join(ROOT, "boards", "BENCH", "board.py")
MICROPYTHON = os.path.join(ROOT, "build", "micropython", "bin", "micropython")
CLOCK = os.path.join(ROOT, "build", "clock.so")
START = "import firmware.%s as tree; tree.run()"
HEAP = "640k"  # 64-bit objects; hal/unix*.py, which no board carries, is 45k of it


def _code_path():
    """Where firmware/ and hal/ are: the compiled tree, made fresh. EVSE_CODE names another one."""
    if os.environ.get("EVSE_CODE"):
        return os.environ["EVSE_CODE"]
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "tools", "compile.py")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise NotReady("the firmware does not compile: " + done.stderr.strip().replace("\n", " "))
    return os.path.join(ROOT, "build", "device")


def _freeze(code, folder):
    """What a board has frozen: the compiled tree as a ROMFS image, run where it lies."""
    tree = Path(code)
    names = (path.relative_to(tree).as_posix() for path in tree.rglob("*.mpy"))
    files = {name: (tree / name).read_bytes() for name in names if bundle.belongs(name, "unix")}
    path = os.path.join(folder, "factory.romfs")
    with open(path + ".new", "wb") as file:
        file.write(bundle.romfs(files))
    os.rename(path + ".new", path)  # a mapped one is never changed
    return path


def _environment(rig_json, wires_path):
    """What the process is told. No name of the caller's environment that MicroPython would read
    leaks in.
    """
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    code = _code_path()
    if os.path.exists(os.path.join(code, "firmware", "start.mpy")):  # compiled, with a guard
        kept["EVSE_FACTORY"] = _freeze(code, os.path.dirname(rig_json))
    # "." is the run folder with the flashed board.py.
    return dict(
        kept,
        EVSE_RIG=rig_json,
        EVSE_WIRES=wires_path,
        EVSE_PRELOAD=CLOCK,
        MICROPYPATH=":".join((".", code, ".frozen")),
    )


def _command(env):
    """The boot guard first, where the code has one: another tree named by EVSE_CODE need not."""
    code = env["MICROPYPATH"].split(":")[1]
    guard = os.path.join(code, "firmware", "start")
    guarded = os.path.exists(guard + ".mpy") or os.path.exists(guard + ".py")
    heap = os.environ.get("EVSE_HEAP", HEAP)
    start = START % ("start" if guarded else "main")
    return [MICROPYTHON, "-X", "heapsize=" + heap, "-c", start]


class Unix:
    """What bench.py and main.py ask of a rig; rp2040.py answers the same."""

    own_interlock = False  # the bench plays the interlock between firmware and coil
    every_token = True  # what no PN532 carries is injected behind the reader's driver

    def check(self):
        """Everything `make setup` makes is there."""
        for path in (MICROPYTHON, CLOCK):
            if not os.path.exists(path):
                raise NotReady("%s is missing: run `make setup` first" % path)

    def load(self, path):
        """-> (provisioning, board)"""
        return config.load(path, config.board_literals(BOARD))

    def launch(self, rig, rig_json, board):
        """-> (command, environment)"""
        folder = os.path.dirname(rig_json)
        with open(os.path.join(folder, "board.py"), "w", encoding="utf-8") as file:
            file.write(config.board_text(board))
        environment = _environment(rig_json, rig["wires"])
        return _command(environment), environment
