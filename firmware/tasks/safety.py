"""The safety loop: every kernel, every 10 ms, and the watchdog.  It is never cancelled.

This loop is the bound of a port without hard interrupts. The kernel is made to run in one, once
per pilot period; no port does that yet (docs/safety.md).
"""

import asyncio
import sys

PERIOD_MS = 10
_WATCHDOG_MS = 2000


class Safety:
    """`faulted`: the last exception of a kernel, for the console; None while all is well."""

    def __init__(self, port, kernels, uptime):
        self._port = port
        self._kernels = kernels
        self._uptime = uptime
        self.faulted = None

    async def run(self):
        self._port.arm_watchdog(_WATCHDOG_MS)
        last = self._uptime.ms()
        while True:
            now = self._uptime.ms()
            self.tick(now - last)
            last = now
            await asyncio.sleep_ms(max(0, PERIOD_MS - (self._uptime.ms() - now)))

    def tick(self, dt_ms: int):
        """One beat.  A kernel that fails opens its contactor, and the watchdog is fed no more."""
        bit = 1
        for kernel in self._kernels:
            try:
                kernel.tick(dt_ms)
            except Exception as error:
                kernel.fail()
                if self.faulted is None:
                    self.faulted = error
                    sys.print_exception(error)
            if kernel.welded and not self._port.retained & bit:
                # Outlives a reset, not a power cut.
                self._port.retained = self._port.retained | bit
            bit <<= 1
        if self.faulted is None:
            self._port.feed_watchdog()
