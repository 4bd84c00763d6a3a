"""The socket lock: locked before power, tried again when it sticks, open at the end. No motor."""


class LockGuard:
    """`drive` is what the motor should do; `failed` after the tries are used up, until it moves;
    `locked` is the feedback without its bounces."""

    def __init__(self, limit):
        self._limit = limit
        self.drive = False
        self.failed = False
        self.locked = False
        self.retry = False  # for one tick: pulse the motor once more
        self._ms = 0
        self._tries = 0
        self._again = False  # one more pulse is due
        self._other_ms = -1  # since the feedback first differed from `locked`, -1 while not

    def tick(self, wanted: bool, locked: bool, dt_ms: int):
        """`wanted`: the plug is to be held; `locked`: the feedback."""
        self._debounce(locked, dt_ms)
        self.retry = False
        if wanted != self.drive:
            self.drive = wanted
            self._ms = 0
            self._tries = 1
            self._again = not wanted
        if locked == wanted:
            self.failed = False
            self._tries = 1
            self._free(dt_ms)
            return
        self._ms += dt_ms
        limit = self._limit
        if self._ms < (limit.lock_again_ms if self.failed else limit.lock_try_ms):
            return
        self._ms = 0
        if self._tries >= limit.lock_tries:
            self.failed = True
        self._tries += 1
        self.retry = True

    def _free(self, dt_ms: int):
        # A bolt that stopped half-way reads "not locked" and still holds the plug: an opening is
        # always pulsed once more.
        self._ms = self._ms + dt_ms if self._again else 0
        if self._ms >= self._limit.lock_try_ms:
            self._again = False
            self._ms = 0
            self.retry = True

    def _debounce(self, locked: bool, dt_ms: int):
        # The contactor follows this: a switch that rattles must not make it rattle.
        if locked == self.locked:
            self._other_ms = -1
            return
        self._other_ms = 0 if self._other_ms < 0 else self._other_ms + dt_ms
        if self._other_ms >= self._limit.lock_settle_ms:
            self.locked = locked
            self._other_ms = -1
