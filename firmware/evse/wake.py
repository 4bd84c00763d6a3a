"""The wake-up: a car asleep in B2 is shown F for 4 s, once per session. Facts in, a bool out."""


class Wake:
    """IEC 61851-1 A.5.3.  `active` while the pilot is to be held at -12 V."""

    def __init__(self, limit):
        self._limit = limit
        self.active = False
        self._used = False  # in this session
        self._awake = False  # the car has asked for energy since it was offered
        self._ms = 0  # of the wake-up, or in B2

    def tick(self, letter: str, offered: bool, dt_ms: int):
        if self.active:
            self._ms += dt_ms
            if self._ms >= self._limit.wake_ms:
                self.active = False
                self._ms = 0
        elif not offered:
            # A pause puts cars to sleep: who charged before it may need waking after it.
            self._awake = False
            self._ms = 0
        elif letter == "B" and not self._awake and not self._used:
            self._ms += dt_ms
            if self._ms >= self._limit.wake_after_ms:
                self.active = self._used = True
                self._ms = 0
        else:
            self._awake = self._awake or letter == "C" or letter == "D"
            self._ms = 0

    def session_over(self):
        self.active = self._used = self._awake = False
        self._ms = 0
