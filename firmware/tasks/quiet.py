"""Work that stops the chip for a while waits for an open contactor, but not for ever.

While a TLS handshake computes, nothing else of ours runs where the port has no interrupt for the
kernel (port.stalls_ms), and a car that leaves C is not seen. Nobody decides anything here.
"""

import asyncio

from micropython import const

_BEAT_MS = const(200)
# A car charges for 14 h and more, and an operator wants to reach it all that time: to stop it, to
# limit it, to answer for it. Once in a quarter of an hour the chip is blind for a second and a
# half, that is 0.2 % of the time, and what is billed waits in the journal meanwhile.
LONGEST_MS = const(900000)


class Quiet:
    """`kernels`: whose contactors. On a port whose kernels are never stalled nobody waits."""

    def __init__(self, port, kernels, uptime):
        self._kernels = kernels if port.stalls_ms else ()
        self._uptime = uptime

    def now(self) -> bool:
        """No contactor is closed, nor about to be."""
        for kernel in self._kernels:
            if kernel.facts.closed or kernel.wishes.close:
                return False
        return True

    async def wait(self):
        """Until it is quiet; LONGEST_MS at most."""
        until = self._uptime.ms() + LONGEST_MS
        while not self.now() and self._uptime.ms() < until:
            await asyncio.sleep_ms(_BEAT_MS)
