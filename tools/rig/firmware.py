"""The charge point's computer as a thing with a mains plug: boot, reset, crash, watchdog,
console.

Promise: exit 3 reboots at once (cause 3), exit 2 is a watchdog of the process's own (cause 2); any
other end is a crash (cause 4) with a growing pause; a watchdog that was armed in the wires and not
fed kills and reboots (cause 2). Diagnostics lines (`@{...}`) become .knows, the rest the console.
Boundary: no car and no clock of its own; step(now) is called every quantum. What the process is,
is the rig's (unix.py, rp2040.py).
"""

import json

from . import wires
from .process import Process

REBOOT_MS = 100
CRASH_MS, CRASH_MOST_MS, CRASH_SOON_MS = 500, 5000, 5000
EXIT_WATCHDOG, EXIT_RESET = 2, 3


class NotReady(Exception):
    """The firmware cannot be started; one line says why."""


class Firmware:
    """`launch`: (command, environment). `at_rest` is told when outputs fall to rest; `console`
    gets every line that is not diagnostics.
    """

    def __init__(self, wires_, launch, folder, console, at_rest, say):
        self._wires = wires_
        self._console = console
        self._at_rest = at_rest
        self._say = say
        command, environment = launch
        self._process = Process(wires_, command, environment, folder, self._output)
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
            self._wires.forget()

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
            self._console.write(self._partial + b"\n")  # its last words
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
        if status == EXIT_WATCHDOG:
            self._say("the watchdog was not fed")
            self._reboot(wires.WATCHDOG, now + REBOOT_MS)
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
