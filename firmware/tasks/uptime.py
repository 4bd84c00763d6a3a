"""Monotonic milliseconds since boot that do not wrap.  Asks the port's ticks; no wall clock."""

import time


class Uptime:
    """`ms()` must be called at least once per wrap of ticks_ms (12 days on 32 bits)."""

    def __init__(self, ticks_ms):
        self._ticks_ms = ticks_ms
        self._last = ticks_ms()
        self._ms = 0

    def ms(self) -> int:
        ticks = self._ticks_ms()
        self._ms += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._ms
