"""What acts on mains: the interlock that owns the coil, the contactor's contacts, the residual-
current detector.

All in milliseconds of the bench's clock.
"""

DEAD_MAN_MS = 100  # as the reference board's PIO interlock: no heartbeat, no coil
CONTACT_MS = 25  # closing and release of a 4-pole contactor
TEST_MS = 50  # from the test input to the trip contact
TEST_CLEAR_MS = 20


class Interlock:
    """Owns the coil. Opens it by itself on a trip or a missing heartbeat, and latches until the
    firmware lets go.
    """

    def __init__(self):
        self.latched = False

    def coil(self, wanted, heartbeat_age_ms, tripped):
        if not wanted:
            self.latched = False
        elif tripped or heartbeat_age_ms > DEAD_MAN_MS:
            self.latched = True
        return bool(wanted) and not self.latched


class Driver:
    """The coil of a board whose own interlock stands before the pin: what that says, happens."""

    def coil(self, wanted, heartbeat_age_ms, tripped):
        return bool(wanted)


class Contactor:
    """The main contacts, and the mirror contact that shows them."""

    def __init__(self):
        self.closed = False
        self.welded = False
        self.no_close = False
        self._left_ms = CONTACT_MS

    def step(self, coil, dt_ms):
        target = (bool(coil) and not self.no_close) or self.welded
        if target == self.closed:
            self._left_ms = CONTACT_MS
            return
        self._left_ms -= dt_ms
        if self._left_ms <= 0 or self.welded:
            self.closed = target
            self._left_ms = CONTACT_MS


class ResidualCurrent:
    """Trips on a fault at once, on its test input after TEST_MS."""

    def __init__(self):
        self.fault = False
        self._tested_ms = 0
        self._test_trip = False

    def step(self, test, dt_ms):
        """Whether the trip contact is closed now."""
        if test:
            self._tested_ms = min(self._tested_ms + dt_ms, TEST_MS)
            self._test_trip = self._test_trip or self._tested_ms >= TEST_MS
        elif self._test_trip:
            self._tested_ms -= dt_ms * TEST_MS // TEST_CLEAR_MS
            self._test_trip = self._tested_ms > 0
        else:
            self._tested_ms = 0
        return self.fault or self._test_trip
