"""Crashes counted over resets: which count, how long the next try waits, what clears them."""

import random

from firmware.store import crash

POWER_ON, WATCHDOG, REQUESTED, CRASH = 1, 2, 3, 4
MINUTE = 60000


class Port:
    """A retained word of 32 bits, and why the chip was reset. `writes`: of the word."""

    def __init__(self):
        self._word = 0
        self.writes = 0
        self.reset_cause = POWER_ON

    @property
    def retained(self):
        return self._word

    @retained.setter
    def retained(self, word):
        assert 0 <= word < 1 << 32
        self._word = word
        self.writes += 1

    def boot(self, cause, lived_ms=0):
        """One boot of this cause, which then lives so long; what the guard was told."""
        if cause == POWER_ON:
            self._word = 0
        self.reset_cause = cause
        crashes = crash.ended(self)
        crash.begun(self)
        for ms in range(0, lived_ms + 1, 1000):
            if not crash.lived(self, ms):
                break
        return crashes


def test_crash_upon_crash():
    """Each crash within the first minute counts, whether it was the watchdog or an exception."""
    port = Port()
    assert port.boot(POWER_ON) == 0
    told = [port.boot(CRASH if k % 2 else WATCHDOG, 59000) for k in range(6)]
    assert told == [1, 2, 3, 4, 5, 6]


def test_pauses_grow_and_end():
    assert [crash.pause_s(k) for k in range(5)] == [0] * 5
    assert [crash.pause_s(k) for k in range(5, 11)] == [60, 120, 300, 600, 600, 600]
    assert crash.pause_s(31) == 600


def test_a_full_count_stays():
    port = Port()
    for _ in range(100):
        told = port.boot(CRASH)
    assert told == 31 and crash.pause_s(told) == 600


def test_later_crashes_are_not_counted():
    """Who dies after a minute, an hour, a day is started again at once."""
    port = Port()
    for _ in range(20):
        assert port.boot(CRASH, MINUTE) == 0


def test_ten_minutes_clear_it():
    port = Port()
    for _ in range(7):
        port.boot(CRASH)
    assert port.boot(CRASH, 599000) == 7, "the first boot was after no crash"
    assert port.boot(CRASH, 600000) == 7, "it lived over a minute: no more, and not forgotten"
    assert port.boot(CRASH) == 0
    assert port.retained & 0xFF000000 == 1 << 29


def test_who_was_asked_to_reset_or_had_no_power():
    """Nobody waits then. A reset keeps the count, a power cut does not."""
    port = Port()
    for _ in range(7):
        port.boot(CRASH)
    assert port.boot(REQUESTED) == 0
    assert port.boot(CRASH) == 7
    assert port.boot(POWER_ON) == 0
    assert port.boot(CRASH) == 1


def test_a_crash_in_the_pause():
    """Between `ended` and `begun` nothing is counted; the pause is due again."""
    port = Port()
    for _ in range(6):
        port.boot(CRASH)
    for _ in range(3):
        port.reset_cause = CRASH
        told = crash.ended(port)
    assert told == 6


def test_another_tree():
    port = Port()
    for _ in range(7):
        port.boot(CRASH)
    crash.forget(port)
    assert port.boot(CRASH) == 0 and port.boot(CRASH) == 1


def test_the_other_bits():
    """Welds are kept, set or not, whatever happens to the count, and the word stays below bit 30
    where it was there before."""
    random.seed(7)
    port = Port()
    port.retained = 0xC0A5A5
    for _ in range(3000):
        kept = port.retained & 0xFFFFFF
        port.reset_cause = random.choice((WATCHDOG, REQUESTED, CRASH))
        crash.ended(port)
        if random.getrandbits(1):
            crash.begun(port)
            crash.lived(port, random.choice((0, 59999, 60000, 600000)))
        assert port.retained & 0xC0FFFFFF == kept
        if not random.getrandbits(3):
            crash.forget(port)
            assert port.retained == kept


def test_written_when_it_changes():
    """A beat a second for an hour: two writes."""
    port = Port()
    port.boot(POWER_ON)
    port.boot(CRASH)
    before = port.writes
    for ms in range(0, 3600000, 1000):
        crash.lived(port, ms)
    assert port.writes == before + 2
