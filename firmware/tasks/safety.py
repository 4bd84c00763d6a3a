"""The safety loop: the kernels' heart, and the watchdog.  It is never cancelled.

A port with a hard interrupt is handed `beat`, and the kernels run in it every millisecond,
whatever this loop or any other does; without one this loop is their heart, every 10 ms.
"""

import asyncio
import sys

from micropython import const

PERIOD_MS = 10
_TICK_MOST_MS = const(25)
_WATCHDOG_MS = const(2000)
# As long the interrupt goes on feeding a watchdog that this loop has left alone: longer than a
# TLS handshake and the look-up of a name, which block it. Then the whole firmware starts anew.
_LOOP_LOST_MS = const(10000)


class Safety:
    """`faulted`: the last exception of a kernel, for the console; None while all is well."""

    def __init__(self, port, kernels, uptime):
        self._port = port
        self._kernels = kernels
        self._uptime = uptime
        self._unseen_ms = 0  # since this loop last ran, as the interrupt counts
        self._last = 0  # when it did, where it is the heart
        self._told = False
        self.faulted = None

    async def run(self):
        # Twice the longest stall and a second: a slow handshake must not reset the charger.
        stalls_ms = self._port.stalls_ms
        self._port.arm_watchdog(max(_WATCHDOG_MS, 2 * stalls_ms + 1000 if stalls_ms else 0))
        if self._port.beat is None:
            await self._tick_on()
        self._port.beat(self.beat)
        while True:
            self._unseen_ms = 0
            self.look()
            await asyncio.sleep_ms(PERIOD_MS)

    async def _tick_on(self):
        self._last = self._uptime.ms()
        while True:
            now = self._uptime.ms()
            self._turn(now)
            await asyncio.sleep_ms(max(0, PERIOD_MS - (self._uptime.ms() - now)))

    def _turn(self, now: int):
        # No more than a kernel is made for: while nobody looked nothing was agreed upon.
        self.tick(min(now - self._last, _TICK_MOST_MS))
        self._last = now

    def breathe(self):
        """For what takes long and cannot wait in between, as reading a full journal does: calls
        this all through it. Does what this loop would have done by now; only nothing else runs.
        """
        now = self._uptime.ms()
        if self._port.beat is not None:
            self._unseen_ms = 0
        elif now - self._last >= PERIOD_MS:
            self._turn(now)

    def tick(self, dt_ms: int):
        """One round.  A kernel that fails opens its contactor, and the watchdog is fed no more."""
        for kernel in self._kernels:
            try:
                kernel.tick(dt_ms)
            except Exception as error:
                self._failed(kernel, error)
        self.look()
        if self.faulted is None:
            self._port.feed_watchdog()

    def beat(self, ms: int, news: bool):
        """In a hard interrupt: nothing is made, nothing is printed. See `Kernel.beat`."""
        for kernel in self._kernels:
            try:
                if kernel.beat(ms, news):
                    self._rounded(kernel.round_ms)
            except Exception as error:
                self._failed(kernel, error)

    def _rounded(self, ms: int):
        self._unseen_ms += ms
        if self.faulted is None and self._unseen_ms < _LOOP_LOST_MS:
            self._port.feed_watchdog()

    def _failed(self, kernel, error):
        kernel.fail()
        if self.faulted is None:
            self.faulted = error

    def look(self):
        """What the kernels leave to be told and kept."""
        if self.faulted is not None and not self._told:
            self._told = True
            sys.print_exception(self.faulted)
        bit = 1
        for kernel in self._kernels:
            if kernel.welded and not self._port.retained & bit:
                # Outlives a reset, not a power cut.
                self._port.retained = self._port.retained | bit
            bit <<= 1
