"""The connector lock: a motor that is pulsed and never held, or a solenoid that is held.

Both take .drive(locked) on every tick of the kernel, .retry() when it wants another attempt,
.tick(dt_ms) for what time alone ends, and show .locked(). How often to retry, and whether an
unlocked plug may be energised, is the kernel's.
"""


class _Feedback:
    """The position contact both kinds share."""

    def __init__(self, feedback, locked_level: int):
        self._feedback = feedback
        self._locked_level = locked_level
        self._wish: "bool | None" = None

    def locked(self) -> "bool | None":
        """The position contact, None if the board has none."""
        if self._feedback is None:
            return None
        return self._feedback.value() == self._locked_level


class Lock(_Feedback):
    """A motor between two half bridges: a high and b low locks, the reverse unlocks.

    `rest` is the level of both pins between pulses (0 coasts, 1 brakes: it depends on the bridge).
    """

    def __init__(self, a, b, feedback=None, pulse_ms: int = 600, rest: int = 0,
                 locked_level: int = 1):
        super().__init__(feedback, locked_level)
        self._a = a
        self._b = b
        self._pulse_ms = pulse_ms
        self._rest = rest
        self._left_ms = 0
        self._release()

    @property
    def moving(self) -> bool:
        return self._left_ms > 0

    def drive(self, locked: bool) -> None:
        """Wish a position. Only a change of the wish starts a pulse, also the first one."""
        if self._wish is None or locked != self._wish:
            self._pulse(locked)
            self._wish = locked

    def retry(self) -> None:
        """Pulse again towards the present wish. Ignored while a pulse is running."""
        if self._wish is not None and self._left_ms <= 0:
            self._pulse(self._wish)

    def tick(self, dt_ms: int) -> None:
        """Time passed: end the pulse."""
        if self._left_ms > 0:
            left_ms = self._left_ms - dt_ms
            if left_ms <= 0:
                self._release()  # if this raises the pulse is not over: the next tick tries again
            self._left_ms = left_ms

    def _pulse(self, locked: bool) -> None:
        self._left_ms = self._pulse_ms
        # Through rest first, so both pins never pull the motor two ways while they change.
        self._release()
        self._a.value(1 if locked else 0)
        self._b.value(0 if locked else 1)

    def _release(self) -> None:
        try:
            self._a.value(self._rest)
        finally:
            self._b.value(self._rest)


class SolenoidLock(_Feedback):
    """A solenoid that locks while energised and falls back open by its spring."""

    def __init__(self, pin, feedback=None, active: int = 1, locked_level: int = 1,
                 strike_ms: int = 300):
        super().__init__(feedback, locked_level)
        self._pin = pin
        self._active = active
        self._strike_ms = strike_ms
        self._released_ms = 0
        self.drive(False)

    @property
    def moving(self) -> bool:
        return self._released_ms > 0

    def drive(self, locked: bool) -> None:
        """Hold or release. Written on each call: a disturbed pin repairs itself."""
        self._wish = locked
        if not locked:
            self._released_ms = 0
        held = locked and self._released_ms <= 0
        self._pin.value(self._active if held else 1 - self._active)

    def retry(self) -> None:
        """Let go for a moment, so that the solenoid strikes anew. Nothing to do when unlocked."""
        if self._wish and self._released_ms <= 0:
            self._released_ms = self._strike_ms
            self.drive(True)

    def tick(self, dt_ms: int) -> None:
        if self._released_ms > 0:
            self._released_ms -= dt_ms
            if self._released_ms <= 0:
                self.drive(True)
