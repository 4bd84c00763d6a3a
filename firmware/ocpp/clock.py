"""Wall time: monotonic milliseconds plus an offset learned from the CSMS.  Never 1970."""

from micropython import const

from firmware.ocpp.timestamp import format_time

# Only years whose text has four digits, far from either end.
_FIRST = 0  # 1970-01-01
_LAST = 253000000000  # 9987-04-16
# A backend that names a time outside of these has lost its clock ("0001-01-01" is the empty date
# of a widespread framework).
_PLAUSIBLE = (1577836800, 4102444800)  # 2020-01-01 to 2100-01-01
_JITTER_MS = const(1500)  # whole seconds and the way there: no reason to set the clock back


class Clock:
    """`now` is monotonic ms since boot, `at` is UTC seconds.  Unknown until somebody tells.
    `epochs` keeps over reboots what was learned; None where nothing is stamped."""

    def __init__(self, epochs=None):
        self.offset_ms = None  # UTC ms of the boot; a new object whenever it is set
        self.epochs = epochs

    @property
    def known(self) -> bool:
        return self.offset_ms is not None

    def learn(self, at: int, now: int):
        """The CSMS says it is `at`.  A time that cannot be is taken only when there is no better
        one: bills then carry at least the time of the backend that reads them."""
        if self.known:
            if not _PLAUSIBLE[0] <= at < _PLAUSIBLE[1]:
                return
            if abs(at * 1000 - now - self.offset_ms) < _JITTER_MS:
                return
        self.offset_ms = min(max(at, _FIRST), _LAST) * 1000 - now
        if self.epochs is not None and _PLAUSIBLE[0] <= at < _PLAUSIBLE[1]:
            self.epochs.learn(self.offset_ms)

    def at(self, now: int):
        """UTC seconds of the monotonic instant `now`, also a past one; None while unknown."""
        return None if self.offset_ms is None else (self.offset_ms + now) // 1000

    def resolve(self, boot: int, ms: int):
        """UTC seconds of an instant of this or an earlier boot; the clock is known by now."""
        at = self.epochs.at(boot, ms)
        if at is None:  # learned, but no time to remember: see learn()
            at = self.at(ms if boot == self.epochs.boot else 0)
        return at

    def carried(self, boot, stamp):
        """What stamp() returned in an earlier boot, as a message of this one carries it; None
        when it cannot be told any more."""
        if stamp is None or isinstance(stamp, str) or self.epochs is None:
            return stamp if isinstance(stamp, str) else None
        at = self.epochs.at(boot, stamp)
        return self.epochs.carried(boot, stamp) if at is None else format_time(at)

    def stamp(self, now: int):
        """What a message carries as the time of an event: UTC text, or while that is unknown the
        monotonic ms of this boot, which is resolved when it is spoken."""
        at = self.at(now)
        if at is not None:
            return format_time(at)
        if self.epochs is not None:
            self.epochs.mark(now)
        return now


class Pace:
    """Counts whole intervals: `due` is true once at the beginning of each.  Silent about the one
    it was started in, and whenever the interval is changed or the clock is set back."""

    def __init__(self, interval: int = 0, slot: int = 0):
        self._interval = interval
        self._slot = slot

    def due(self, interval: int, slot: int) -> bool:
        """`slot`: where the present interval began, in the unit of its length."""
        if interval != self._interval or slot < self._slot - interval:
            self._interval = interval
            self._slot = slot
            return False
        if slot <= self._slot:
            return False
        self._slot = slot
        return True
