"""The residual-current detector (IEC 62955 RDC-DD or a monitor such as RCM14): its trip contact
and its test input.

Levels only. When to test, how long a test may take and what a trip leads to is the kernel's.
"""


class ResidualCurrent:
    def __init__(self, trip, test=None, trip_active: int = 1, test_active: int = 1):
        self._trip = trip
        self._test = test
        self._trip_active = trip_active
        self._test_active = test_active
        self.testable = test is not None
        self.test(False)

    def tripped(self) -> bool:
        return self._trip.value() == self._trip_active

    def test(self, on: bool) -> None:
        """Inject the test current, or stop. Stopping is harmless on a board without a test pin."""
        if self._test is not None:
            self._test.value(self._test_active if on else 1 - self._test_active)
        elif on:
            raise ValueError("no test pin")
