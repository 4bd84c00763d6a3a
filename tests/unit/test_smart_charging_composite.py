"""GetCompositeSchedule (5.7): what comes out where the profiles cut each other."""

from firmware.ocpp.timestamp import parse_time
from tests.unit.test_smart_charging import DAY, MAX, TX, at, charger, put, ready, wire


def ask(c, connector, duration, unit=None, seconds=0.1):
    request = {"connectorId": connector, "duration": duration}
    if unit is not None:
        request["chargingRateUnit"] = unit
    return c.ask("GetCompositeSchedule", request, seconds)


def periods(c, connector, duration, unit=None):
    """[(start, limit, phases), ...] of an accepted one that is as long as it was asked for."""
    answer = ask(c, connector, duration, unit)
    assert answer["status"] == "Accepted" and answer["connectorId"] == connector
    assert abs(parse_time(answer["scheduleStart"]) - c.clock.at(c.now)) <= 1
    schedule = answer["chargingSchedule"]
    assert "startSchedule" not in schedule  # erratum 3.57
    assert schedule["duration"] == duration
    assert schedule["chargingRateUnit"] == (unit or "A")
    return [
        (p["startPeriod"], p["limit"], p.get("numberPhases", 3))
        for p in schedule["chargingSchedulePeriod"]
    ]


def ahead(c, seconds):
    """The time text of `seconds` from the second in which the next request is answered."""
    while c.now % 1000 > 300:
        c.run(0.02)
    return at(c.clock.at(c.now + 150) - c.backend.at + seconds)


def test_without_profiles_it_is_what_the_board_carries():
    """Local limits are taken into account (erratum 3.27)."""
    c = ready(connectors=2, max_ma=16000)
    assert periods(c, 1, 600) == [(0, 16, 3)]
    assert periods(c, 0, 600) == [(0, 32, 3)]
    assert periods(c, 1, 600, "W") == [(0, 11040, 3)]
    one = ready(phases=1)
    assert periods(one, 1, 60, "W") == [(0, 7360, 1)]
    assert periods(one, 1, 60) == [(0, 32, 1)]


def test_purposes_and_levels_cut_each_other():
    """3.13.3: the minimum of each interval; a higher level is in force only while it is valid."""
    c = ready().charge()
    now = ahead(c, 0)
    put(c, 0, wire((0, 25), (100, 12), id=1, purpose=MAX, kind="Absolute", start=now))
    put(c, 0, wire((0, 20), (50, 18), (200, 9), id=2, kind="Absolute", start=now))
    high = wire((0, 22), id=3, level=4, kind="Absolute", start=ahead(c, 70), duration=20)
    put(c, 1, high)
    drift = parse_time(ahead(c, 0)) - parse_time(now)
    assert [(s and s + drift, limit) for s, limit, _ in periods(c, 1, 300)] == [
        (0, 20),
        (50, 18),
        (70, 22),
        (90, 18),
        (100, 12),
        (200, 9),
    ]


def test_a_tx_profile_counts_from_its_transaction():
    c = ready().charge()
    put(c, 0, wire((0, 20), id=1))
    put(c, 1, wire((0, 16), (60, 10.5), id=2, purpose=TX, duration=100))
    age = (c.now + 20 - c.connectors[0].session.transaction.started) // 1000
    assert 0 < age < 55
    assert [p[:2] for p in periods(c, 1, 300)] == [(0, 16), (60 - age, 10.5), (100 - age, 20)]


def test_without_a_transaction_it_is_for_one_that_begins_now():
    c = ready()
    put(c, 0, wire((0, 20), (60, 10)))
    assert periods(c, 1, 300) == [(0, 20, 3), (60, 10, 3)]
    c.skip(100)
    assert periods(c, 1, 300) == [(0, 20, 3), (60, 10, 3)]


def test_in_watts_and_back():
    """Erratum 3.69; a power that was said in watts comes back as it was said."""
    c = ready()
    put(c, 0, wire((0, 7000.5), (60, 3680, 1), unit="W"))
    assert periods(c, 1, 300, "W") == [(0, 7000.5, 3), (60, 3680, 1)]
    assert periods(c, 1, 300, "A") == [(0, 10.1, 3), (60, 16, 1)]
    put(c, 0, wire((0, 10), (60, 16.1, 1)))
    assert periods(c, 1, 300, "A") == [(0, 10, 3), (60, 16.1, 1)]
    assert periods(c, 1, 300, "W") == [(0, 6900, 3), (60, 3703, 1)]


def test_what_is_obeyed_is_the_lower_current():
    """3.13.3: no more than any of those merged, in power and in current."""
    c = ready(max_ma=16000)
    put(c, 0, wire((0, 21, 1), (60, 10, 1), unit="A"))
    assert periods(c, 1, 300, "A") == [(0, 16, 1), (60, 10, 1)]
    assert periods(c, 1, 300, "W") == [(0, 3680, 1), (60, 2300, 1)]


def test_0_is_the_sum_of_all_under_the_whole():
    """Erratum 3.30: the power or current the charge point expects to consume from the grid."""
    c = ready(connectors=2, max_ma=16000)
    put(c, 0, wire((0, 10), (60, 16), id=1))
    put(c, 2, wire((0, 8), (120, 16), id=2))
    assert periods(c, 0, 300) == [(0, 18, 3), (60, 24, 3), (120, 32, 3)]
    assert periods(c, 0, 300, "W") == [(0, 12420, 3), (60, 16560, 3), (120, 22080, 3)]
    put(c, 0, wire((0, 20), id=3, purpose=MAX))
    assert periods(c, 0, 300) == [(0, 18, 3), (60, 20, 3)]
    assert periods(c, 1, 300) == [(0, 10, 3), (60, 16, 3)]
    put(c, 0, wire((0, 11000), id=3, unit="W", purpose=MAX))
    assert periods(c, 0, 300, "W") == [(0, 11000, 3)]


def test_the_phases_of_a_sum_are_those_of_its_parts_or_of_the_board():
    c = ready(connectors=2)
    put(c, 1, wire((0, 3680, 1), id=1, unit="W"))
    assert periods(c, 0, 300, "W") == [(0, 25760, 3)]
    put(c, 2, wire((0, 3680, 1), id=1, unit="W"))
    assert periods(c, 0, 300, "W") == [(0, 25760, 3)]
    put(c, 1, wire((0, 3680, 1), id=2, unit="W"))
    put(c, 2, wire((0, 1840, 1), id=1, unit="W"))
    assert periods(c, 0, 300, "W") == [(0, 5520, 1)]
    assert periods(c, 0, 300, "A") == [(0, 24, 1)]


def test_equal_neighbours_are_one():
    c = ready()
    put(c, 0, wire((0, 10), (60, 10), (120, 10), (180, 9), id=1))
    put(c, 0, wire((0, 10), id=2, level=1, duration=90))
    assert periods(c, 1, 300) == [(0, 10, 3), (180, 9, 3)]


def test_a_daily_one_over_days():
    c = ready()
    daily = wire((0, 16), (3600, 0), kind="Recurring", recurrencyKind="Daily", start=ahead(c, 600))
    put(c, 0, daily)
    found = [p[:2] for p in periods(c, 1, 2 * DAY)]
    shift = found[1][0]
    assert 597 <= shift <= 600
    assert found == [
        (0, 32),
        (shift, 16),
        (shift + 3600, 0),
        (shift + DAY, 16),
        (shift + DAY + 3600, 0),
    ]


def test_one_that_is_too_long_is_cut_short_and_says_so():
    """ChargingScheduleMaxPeriods is 24; `duration` tells how far they reach."""
    c = ready()
    put(c, 0, wire(*[(n * 60, 6 + n % 2) for n in range(24)], id=1, level=1))
    put(c, 0, wire((0, 20), id=2))
    assert len(periods(c, 1, 24 * 60)) == 24
    put(c, 0, wire((0, 9), (30, 8), id=3, level=2, duration=60))
    schedule = ask(c, 1, 24 * 60, None, 0.3)["chargingSchedule"]
    assert len(schedule["chargingSchedulePeriod"]) == 24
    assert schedule["duration"] == 23 * 60
    assert schedule["chargingSchedulePeriod"][23] == {"startPeriod": 22 * 60, "limit": 6}


def test_a_horizon_of_ages_is_answered_soon():
    """Thousands of restarts with nothing to tell between them: cut short as well."""
    c = ready()
    put(c, 0, wire((0, 10), kind="Recurring", recurrencyKind="Daily", start=at(-DAY)))
    schedule = ask(c, 1, 1 << 40, None, 10)["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10}]
    assert 499 * DAY < schedule["duration"] <= 500 * DAY


def test_others_are_served_while_it_is_worked_out():
    """A beat does a slice of it: the answer comes later, and is of the profiles at the request."""
    c = ready()
    put(c, 0, wire((0, 10), kind="Recurring", recurrencyKind="Daily", start=at(-DAY)))
    first = c.send("GetCompositeSchedule", {"connectorId": 1, "duration": 1 << 40})
    c.run(0.06)
    assert c.reply(first) is None
    put(c, 0, wire((0, 6)))
    c.run(10)
    limit = c.reply(first)["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
    assert limit == 10


def test_the_unit_is_one_that_the_board_takes_where_none_is_asked_for():
    c = ready(keys={"ChargingScheduleAllowedChargingRateUnit": "Power"})
    schedule = ask(c, 1, 60)["chargingSchedule"]
    assert schedule["chargingRateUnit"] == "W"
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 22080}]


def test_where_it_cannot_be_told_it_is_rejected():
    """5.7: for instance if the connectorId is unknown."""
    c = ready()
    for number in (-1, 2, 1 << 40):
        assert ask(c, number, 60) == {"status": "Rejected"}
    assert ask(c, 1, 0) == {"status": "Rejected"}
    assert ask(c, 1, -1) == {"status": "Rejected"}
    c = charger(online=False)
    c.run(1)
    request = {"connectorId": 1, "duration": 60}
    assert c.station.call("GetCompositeSchedule", request, c.now) == {"status": "Rejected"}


def test_a_wrong_unit_is_a_callerror():
    """Erratum 3.24."""
    assert ask(ready(), 1, 60, "kW") == "PropertyConstraintViolation"
