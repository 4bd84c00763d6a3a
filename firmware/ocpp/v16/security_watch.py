"""What the station's own facts tell the security log: clock, resets, memory.  Looks, changes
nothing; whoever sees more calls station.security().
"""

from micropython import const

_JUMP_MS = const(10000)  # less is drift and the way there
_HEAP_LEAST = const(16384)  # bytes: a longest message, or the buffers of TLS
_HEAP_WELL = const(32768)


class Watch:
    """`add(kind, text, now)`."""

    def __init__(self, station, add):
        self._station = station
        self._add = add
        self._offset_ms = station.clock.offset_ms
        self._resetting = False
        self._full = False
        self._short = False

    def tick(self, now: int):
        station = self._station
        if station.resetting is not self._resetting:
            self._resetting = station.resetting
            if self._resetting:
                self._add("ResetOrReboot", "asked for", now)
        if station.outbox.full is not self._full:
            self._full = station.outbox.full
            if self._full:
                self._add("MemoryExhaustion", "flash: no room for another transaction", now)
        self._clock(now)

    def _clock(self, now: int):
        """Nothing that was set before: the boot itself is an event."""
        before, offset_ms = self._offset_ms, self._station.clock.offset_ms
        if offset_ms is before:
            return
        self._offset_ms = offset_ms
        if before is not None and abs(offset_ms - before) >= _JUMP_MS:
            self._add("SettingSystemTime", "%d s" % ((offset_ms - before + 500) // 1000), now)

    def memory(self, free: int, now: int):
        """So many bytes of heap are free after a collection."""
        if free < _HEAP_LEAST and not self._short:
            self._short = True
            self._add("MemoryExhaustion", "heap", now)
        elif free >= _HEAP_WELL:
            self._short = False
