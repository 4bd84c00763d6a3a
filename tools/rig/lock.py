"""The socket's lock: a motor between two half bridges, its position, its contact."""

TRAVEL_MS = 300
TOWARDS_LOCKED, TOWARDS_OPEN = 1, 2  # the wire: bit 0 = half bridge a, bit 1 = half bridge b


class Lock:
    def __init__(self):
        self.stuck = False
        self._at_ms = 0  # 0 = open .. TRAVEL_MS = locked; stays where it is without power

    def step(self, drive, dt_ms):
        if self.stuck:
            return
        if drive == TOWARDS_LOCKED:
            self._at_ms = min(TRAVEL_MS, self._at_ms + dt_ms)
        elif drive == TOWARDS_OPEN:
            self._at_ms = max(0, self._at_ms - dt_ms)

    @property
    def locked(self):
        """The contact: made only at the end of the travel."""
        return self._at_ms >= TRAVEL_MS

    @property
    def holds(self):
        """A bolt anywhere but fully back holds the plug."""
        return self._at_ms > 0
