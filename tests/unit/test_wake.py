"""The wake-up of a sleeping car: when, how long, how often."""

from firmware.evse.limit import Limit
from firmware.evse.wake import Wake


def run(wake, letter, offered, ms, tick=10):
    """-> milliseconds of wake-up in it."""
    active = 0
    for _ in range(ms // tick):
        wake.tick(letter, offered, tick)
        active += tick if wake.active else 0
    return active


def test_car_that_sleeps_in_b2_is_woken_once_for_4_s_after_30_s():
    """IEC 61851-1 A.5.3: 30 s in B2 without C, then 4 s, once per session."""
    for tick in (1, 10, 25):
        wake = Wake(Limit())
        assert run(wake, "B", True, 29975, tick) == 0
        assert run(wake, "B", True, 10000, tick) == 4000
        assert run(wake, "B", True, 200000, 25) == 0


def test_next_session_has_its_own_wake_up():
    """The car has gone: another one may sleep."""
    wake = Wake(Limit())
    run(wake, "B", True, 40000)
    wake.session_over()
    assert run(wake, "B", True, 40000) == 4000


def test_car_that_has_asked_is_not_woken():
    """A car that charged and stopped by itself is full, not asleep."""
    wake = Wake(Limit())
    run(wake, "B", True, 20000)
    run(wake, "C", True, 1000)
    assert run(wake, "B", True, 200000, 25) == 0


def test_car_that_sleeps_after_a_pause_is_woken():
    """A pause by the EVSE sends cars to sleep: the offer after it counts its own 30 s."""
    wake = Wake(Limit())
    run(wake, "C", True, 1000)
    run(wake, "B", False, 100000)
    assert run(wake, "B", True, 29000) == 0
    assert run(wake, "B", True, 40000) == 4000


def test_time_without_an_offer_is_no_sleep():
    """Only B2 counts: B1 waits for us, not for the car."""
    wake = Wake(Limit())
    for _ in range(10):
        assert run(wake, "B", True, 20000) == 0
        assert run(wake, "B", False, 1000) == 0


def test_unplugging_ends_the_wake_up():
    """-12 V must not stay on an empty outlet."""
    wake = Wake(Limit())
    run(wake, "B", True, 31000)
    assert wake.active
    wake.session_over()
    assert not wake.active
