"""Residual current: trip at once, self-test before every session.  Facts in, verdicts out.

IEC 61851-1 8.5 asks for the protection; the test before a session is the practice of UL 2231.
"""

from micropython import const

IDLE = const(0)  # no session: no test asked for
PULSE = const(1)  # test coil driven, the trip must come
RELEASE = const(2)  # test coil off, the trip must go
PASSED = const(3)  # this session may close
FAILED = const(4)


class ResidualGuard:
    """`tripped`: a real trip; `test`: what to drive; `passed`, `failed`: this session's test."""

    def __init__(self, limit, testable: bool):
        self._limit = limit
        self._testable = testable
        self.state = IDLE
        self.test = False
        self.tripped = False
        self.passed = False
        self.failed = False
        self._ms = 0

    def tick(self, trip: bool, wanted: bool, open_: bool, dt_ms: int):
        """`trip`: the detector says so; `wanted`: a session is armed; `open_`: surely open."""
        testing = self.state == PULSE or self.state == RELEASE
        self.tripped = trip and not testing
        if testing:
            # Once begun it runs to its end: the answer to our own pulse must not pass for a trip.
            self._answer(trip, dt_ms)
        elif self.state == IDLE:
            if wanted and open_ and not trip:
                self._turn(PULSE if self._testable else PASSED)
        elif self.state == FAILED:
            self._ms += dt_ms
            if self._ms >= self._limit.retry_ms:
                self._turn(IDLE)
        if not wanted and self.state > RELEASE:
            self._turn(IDLE)  # whatever it showed was for the session that is over
        self.test = self.state == PULSE
        self.passed = self.state == PASSED
        self.failed = self.state == FAILED

    def _answer(self, trip: bool, dt_ms: int):
        self._ms += dt_ms
        if trip == (self.state == PULSE):
            self._turn(RELEASE if trip else PASSED)
        elif self._ms >= self._limit.rcd_test_ms:
            self._turn(FAILED)

    def _turn(self, state: int):
        if state != self.state:
            self.state = state
            self._ms = 0
