"""The charge point's computer as a thing with a mains plug: boot, reset, crash, watchdog,
console.

Promise: exit 3 reboots at once (cause 3); any other end is a crash (cause 4) with a growing
pause; a watchdog that was armed and not fed kills and reboots (cause 2). Diagnostics lines
(`@{...}`) become .knows, the rest the console.
Boundary: no car and no clock of its own; step(now) is called every quantum.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tools import bundle

from . import wires
from .process import Process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MICROPYTHON = os.path.join(ROOT, "build", "micropython", "bin", "micropython")
CLOCK = os.path.join(ROOT, "build", "clock.so")
START = "import firmware.%s as tree; tree.run()"
HEAP = "640k"  # 64-bit objects; hal/unix*.py, which no board carries, is 45k of it
REBOOT_MS = 100
CRASH_MS, CRASH_MOST_MS, CRASH_SOON_MS = 500, 5000, 5000
EXIT_RESET = 3


class NotReady(Exception):
    """The firmware cannot be started; one line says why."""


def code_path():
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


def freeze(code, folder):
    """What a board has frozen: the compiled tree as a ROMFS image, run where it lies."""
    tree = Path(code)
    names = (path.relative_to(tree).as_posix() for path in tree.rglob("*.mpy"))
    files = {name: (tree / name).read_bytes() for name in names if bundle.belongs(name, "unix")}
    path = os.path.join(folder, "factory.romfs")
    with open(path + ".new", "wb") as file:
        file.write(bundle.romfs(files))
    os.rename(path + ".new", path)  # a mapped one is never changed
    return path


def environment(rig_json, wires_path):
    """What the process is told. No name of the caller's environment that MicroPython would read
    leaks in.
    """
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    code = code_path()
    if os.path.exists(os.path.join(code, "firmware", "start.mpy")):  # compiled, with a guard
        kept["EVSE_FACTORY"] = freeze(code, os.path.dirname(rig_json))
    # "." is the run folder with the flashed board.py.
    return dict(
        kept,
        EVSE_RIG=rig_json,
        EVSE_WIRES=wires_path,
        EVSE_PRELOAD=CLOCK,
        MICROPYPATH=":".join((".", code, ".frozen")),
    )


def command(env):
    """The boot guard first, where the code has one: another tree named by EVSE_CODE need not."""
    code = env["MICROPYPATH"].split(":")[1]
    guard = os.path.join(code, "firmware", "start")
    guarded = os.path.exists(guard + ".mpy") or os.path.exists(guard + ".py")
    heap = os.environ.get("EVSE_HEAP", HEAP)
    start = START % ("start" if guarded else "main")
    return [MICROPYTHON, "-X", "heapsize=" + heap, "-c", start]


class Firmware:
    """`plant` is told when outputs fall to rest; `console` gets every line that is not
    diagnostics.
    """

    def __init__(self, wires_, env, folder, console, at_rest, say):
        self._wires = wires_
        self._console = console
        self._at_rest = at_rest
        self._say = say
        self._process = Process(wires_, command(env), env, folder, self._output)
        self._partial = b""
        self._boot_at = None
        self._booted_at = 0
        self._pause_ms = CRASH_MS
        self.powered = False
        self.knows = None  # the last diagnostics of this boot
        self.boots = 0

    @property
    def pid(self):
        return self._process.pid

    @property
    def hung(self):
        return self._process.hung

    def power(self, on, now):
        if on == self.powered:
            return
        self.powered = on
        if on:
            self._wires.slot[wires.RESET_CAUSE] = wires.POWER_ON
            self._pause_ms = CRASH_MS
            self._boot(now)
        else:
            self._dead()
            self._boot_at = None
            self._wires.slot[wires.RETAINED] = 0

    def _boot(self, now):
        slot = self._wires.slot
        slot[wires.WATCHDOG_TIMEOUT] = 0
        slot[wires.WATCHDOG_FED] = now & 0x7FFFFFFF
        self._boot_at, self._booted_at = None, now
        self._partial, self.knows = b"", None
        self.boots += 1
        self._process.start(now)

    def _dead(self):
        """The computer is in reset: every output at rest, nothing known."""
        self._process.kill()
        if self._partial:
            self._console.write(self._partial + b"\n")     # its last words
            self._partial = b""
        self._wires.slot[wires.WATCHDOG_TIMEOUT] = 0
        self.knows = None
        self._at_rest()

    def heartbeat_age_ms(self, now):
        return (now - self._wires.slot[wires.WATCHDOG_FED]) & 0x7FFFFFFF

    async def turn(self, now):
        """One quantum: the process runs to rest. False when nobody is to be waited for."""
        if self._process.pid is None:
            return False
        was = self._process.hung
        rested = await self._process.turn(now)
        if self._process.hung != was:
            self._say("the firmware %s" % ("goes on" if was else "hangs: " + self._process.why))
        return rested

    def step(self, now):
        """After the quantum: deaths, watchdog, reboot."""
        if not self.powered:
            return
        status = self._process.exited()
        if status is not None:
            self._ended(status, now)
        timeout = self._wires.slot[wires.WATCHDOG_TIMEOUT]
        if self._process.pid is not None and 0 < timeout < self.heartbeat_age_ms(now):
            self._say("watchdog: not fed for %d ms" % timeout)
            self._dead()
            self._reboot(wires.WATCHDOG, now + REBOOT_MS)
        if self._boot_at is not None and now >= self._boot_at:
            self._boot(now)

    def _ended(self, status, now):
        self._dead()
        if status == EXIT_RESET:
            self._say("the firmware asked for a reset")
            self._reboot(wires.REQUESTED, now + REBOOT_MS)
            return
        self._say("the firmware ended with status %d" % status)
        soon = now - self._booted_at < CRASH_SOON_MS
        self._pause_ms = (
            min(self._pause_ms * 2, CRASH_MOST_MS) if soon and self.boots > 1 else CRASH_MS
        )
        self._reboot(wires.CRASH, now + self._pause_ms)

    def _reboot(self, cause, at):
        self._wires.slot[wires.RESET_CAUSE] = cause
        self._boot_at = at

    def type(self, data):
        self._process.type(data)

    def _output(self, data):
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            if line.startswith(b"@"):
                self._diagnostics(line)
            else:
                self._console.write(line + b"\n")

    def _diagnostics(self, line):
        try:
            told = json.loads(line[1:])
        except ValueError:
            told = None
        if isinstance(told, dict):
            self.knows = told
        else:
            self._console.write(line + b"\n")

    def end(self):
        self._process.kill()


def check_tools():
    """Everything `make setup` makes is there."""
    for path in (MICROPYTHON, CLOCK):
        if not os.path.exists(path):
            raise NotReady("%s is missing: run `make setup` first" % path)
