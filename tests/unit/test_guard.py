"""The guards: contactor, current, voltage, temperature. Facts over time in, one verdict out."""

from firmware.evse.guard import (
    NO_READING,
    ContactorGuard,
    CurrentGuard,
    ThermalGuard,
    VoltageGuard,
)
from firmware.evse.limit import Limit


def test_limit_can_be_overridden_by_a_board_but_not_misspelt():
    """All limits are board-overridable; a name that is none must not pass in silence."""
    assert Limit(max_ma=16000).max_ma == 16000
    try:
        Limit(max_mA=16000)
    except ValueError as e:
        assert "max_mA" in str(e)
    else:
        raise AssertionError("a misspelt limit was taken")


def test_contact_that_stays_closed_is_welded_for_good():
    """Weld: feedback closed 500 ms after the coil dropped; nothing afterwards clears it."""
    for tick in (1, 10, 25):
        guard = ContactorGuard(Limit())
        for _ in range(1000 // tick):
            guard.tick(True, True, tick)
        ms = 0
        while not guard.welded:
            guard.tick(False, True, tick)
            ms += tick
            assert ms < 1000
        assert 500 <= ms < 500 + tick
        for coil, closed in ((False, False), (True, True), (False, False)):
            for _ in range(100):
                guard.tick(coil, closed, tick)
        assert guard.welded


def test_contact_may_take_its_time_to_release():
    """A relay of 40 ms, even a slow one of 400 ms, is no weld; each release has its own 500 ms."""
    guard = ContactorGuard(Limit())
    for _ in range(20):
        for _ in range(45):
            guard.tick(False, True, 10)
        guard.tick(False, False, 10)
    assert not guard.welded


def test_contact_that_does_not_close_is_seen():
    """No-close: feedback open 500 ms after the coil was driven, and only as long as that is so."""
    guard = ContactorGuard(Limit())
    ms = 0
    while not guard.no_close:
        guard.tick(True, False, 10)
        ms += 10
        assert ms < 1000
    assert ms == 500 and not guard.welded
    guard.tick(False, False, 10)
    assert not guard.no_close


def test_board_that_cannot_sense_claims_nothing():
    """Without mirror contacts there is no verdict, neither way."""
    guard = ContactorGuard(Limit())
    for coil in (True, False):
        for _ in range(200):
            guard.tick(coil, None, 25)
    assert not guard.welded and not guard.no_close


def test_over_current_is_offered_plus_10_percent_plus_half_an_ampere_for_7_s():
    """J11 gives the car 5 s to follow; what it draws above the margin after 7 s is a fault."""
    for offered, most in ((6000, 7100), (16000, 18100), (32000, 35700), (80000, 88500)):
        guard = CurrentGuard(Limit())
        for _ in range(3000):
            assert not guard.tick(most, offered, 10)
        ms = 0
        while not guard.tick(most + 1, offered, 10):
            ms += 10
            assert ms < 9000
        assert ms == 6990


def test_over_current_must_last():
    """One reading within the margin starts the 7 s anew."""
    guard = CurrentGuard(Limit())
    for _ in range(5):
        for _ in range(690):
            assert not guard.tick(20000, 16000, 10)
        guard.tick(16000, 16000, 10)


def test_under_voltage_needs_3_s_and_60_s_to_come_back():
    """Below 0.85 of nominal for 3 s; back only after 60 s above 0.90."""
    guard = VoltageGuard(Limit())
    for _ in range(299):
        assert not guard.tick(1954, 10)
    assert guard.tick(1954, 10)
    for _ in range(10000):
        assert guard.tick(2069, 10), "in between it stays low"
    for _ in range(5999):
        assert guard.tick(2070, 10)
    assert not guard.tick(2070, 10)
    for _ in range(1000):
        assert not guard.tick(1955, 10)


def test_voltage_that_nobody_measures_changes_no_verdict():
    """A meter without voltage (0) neither trips nor clears."""
    guard = VoltageGuard(Limit())
    for _ in range(1000):
        assert not guard.tick(0, 10)
    for _ in range(300):
        guard.tick(1900, 10)
    for _ in range(10000):
        assert guard.tick(0, 10)


def test_current_falls_in_a_line_from_60_to_70_degrees():
    """Policy of §2.5: full current to 60 C, 6 A at 70 C, linear between, integers."""
    for max_ma in (16000, 32000, 63000, 80000):
        guard = ThermalGuard(Limit(max_ma=max_ma))
        assert guard.ceiling_ma(-400) == guard.ceiling_ma(600) == max_ma
        assert not guard.hot
        assert guard.ceiling_ma(650) == 6000 + (max_ma - 6000) // 2 and guard.hot
        last = max_ma
        for dc in range(601, 700):
            ma = guard.ceiling_ma(dc)
            assert 6000 < ma < last
            last = ma
        for dc in (700, 749):
            assert guard.ceiling_ma(dc) == 6000 and not guard.stop


def test_75_degrees_stops_until_70():
    """Stop at 75 C, resume 5 K below."""
    guard = ThermalGuard(Limit())
    assert guard.ceiling_ma(750) == 0 and guard.stop
    assert guard.ceiling_ma(701) == 0
    assert guard.ceiling_ma(700) == 6000 and not guard.stop
    assert guard.ceiling_ma(250) == 32000


def test_lost_sensor_counts_as_hot():
    """Sensor loss is treated as 70 C: the least current, and a warning, until it is back."""
    guard = ThermalGuard(Limit())
    assert guard.ceiling_ma(NO_READING) == 6000
    assert guard.lost and guard.hot and not guard.stop
    assert guard.ceiling_ma(250) == 32000 and not guard.lost


def test_sensor_that_dies_of_the_heat_does_not_end_the_stop():
    """After 75 C only a measured 70 C resumes: no reading is not a cool one."""
    guard = ThermalGuard(Limit())
    guard.ceiling_ma(760)
    for _ in range(10):
        assert guard.ceiling_ma(NO_READING) == 0 and guard.stop
    assert guard.ceiling_ma(690) > 0
