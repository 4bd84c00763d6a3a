"""Residual current: a trip at once, a test before each session, the two never confused."""

from firmware.evse.limit import Limit
from firmware.evse.residual import ResidualGuard


class Detector:
    """Answers the test pulse `late_ms` after it, and lets go as late."""

    def __init__(self, late_ms=20):
        self.guard = ResidualGuard(Limit(), True)
        self.late_ms = late_ms
        self.answers = True
        self.releases = True
        self.real = False
        self.trip = False
        self._ms = 0

    def run(self, ms, wanted=True, open_=True, tick=10):
        """-> whether a real trip was ever reported."""
        tripped = False
        for _ in range(ms // tick):
            wish = (self.guard.test and self.answers) or (self.trip and not self.releases)
            self._ms = 0 if wish == self.trip else self._ms + tick
            if self._ms > self.late_ms:
                self.trip = wish
                self._ms = 0
            self.guard.tick(self.trip or self.real, wanted, open_, tick)
            tripped = tripped or self.guard.tripped
        return tripped


def test_session_begins_with_a_test_that_passes():
    """UL 2231 practice: the detector trips by the test current and lets go, then it is passed."""
    d = Detector()
    assert not d.run(1000, wanted=False) and not d.guard.test and not d.guard.passed
    assert not d.run(10) and d.guard.test
    assert not d.run(200), "the answer to the test is not a trip"
    assert d.guard.passed and not d.guard.test and not d.guard.failed


def test_each_session_has_its_own_test():
    """What passed in the last session proves nothing in this one."""
    d = Detector()
    d.run(300)
    assert d.guard.passed
    d.run(10, wanted=False)
    assert not d.guard.passed
    d.run(10)
    assert d.guard.test and not d.guard.passed


def test_no_test_while_the_contact_may_be_closed():
    """The test must not open a contactor under load, nor run behind one that is welded."""
    d = Detector()
    d.run(5000, open_=False)
    assert not d.guard.test and not d.guard.passed
    d.run(300)
    assert d.guard.passed


def test_detector_that_does_not_answer_fails_and_is_asked_again_after_60_s():
    """RCM data sheet: the answer comes within 500 ms; a failure is tried again, not forgiven."""
    d = Detector()
    d.answers = False
    d.run(490)
    assert d.guard.test and not d.guard.failed
    d.run(50)
    assert d.guard.failed and not d.guard.passed and not d.guard.test
    d.run(59900)
    assert d.guard.failed
    d.answers = True
    d.run(500)
    assert d.guard.passed and not d.guard.failed


def test_detector_that_does_not_let_go_fails_and_is_then_a_trip():
    """A contact that sticks after the test cannot show a real trip any more."""
    d = Detector()
    d.releases = False
    d.run(700)
    assert d.guard.failed and not d.guard.passed
    assert d.run(10), "after the test the contact is believed again"


def test_real_trip_is_reported_in_the_tick_that_shows_it():
    """A trip needs no debounce: armed or not, open or closed, passed or failed."""
    for wanted in (False, True):
        for open_ in (False, True):
            for before_ms in (0, 300):
                d = Detector()
                d.run(before_ms, wanted, open_)
                d.real = True
                d.guard.tick(True, wanted, open_, 1)
                assert d.guard.tripped, (wanted, open_, before_ms)


def test_session_that_ends_during_the_test_makes_no_trip_of_it():
    """A card taken back in the middle of the pulse: its late answer is still ours."""
    for late_ms in (0, 20, 100, 300):
        for after_ms in range(10, 500, 10):
            d = Detector(late_ms)
            d.run(after_ms)
            assert not d.run(1500, wanted=False), (late_ms, after_ms)
            assert not d.guard.passed and not d.guard.test


def test_detector_without_a_test_input_passes_once_it_is_quiet():
    """A board without the pin cannot test; a contact that is tripped still passes nothing."""
    guard = ResidualGuard(Limit(), False)
    guard.tick(True, True, True, 10)
    assert guard.tripped and not guard.passed
    guard.tick(False, True, True, 10)
    assert guard.passed and not guard.test
