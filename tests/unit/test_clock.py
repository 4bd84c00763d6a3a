from firmware.ocpp.clock import Clock, Pace

AT = 1767225600  # 2026-01-01


def test_unknown_until_told():
    """OCPP 1.6 §4.2: the CSMS's currentTime; before it there is no time, not 1970."""
    clock = Clock()
    assert not clock.known
    assert clock.at(5000) is None
    clock.learn(AT, 5000)
    assert clock.known
    assert clock.at(5000) == AT


def test_past_instants_are_resolved():
    clock = Clock()
    clock.learn(AT, 60000)
    assert clock.at(0) == AT - 60
    assert clock.at(61999) == AT + 1


def test_whole_seconds_do_not_shake_it():
    """A backend names whole seconds: the clock does not step to and fro with every Heartbeat."""
    clock = Clock()
    clock.learn(AT, 0)
    for now, at in ((1900, AT + 1), (60100, AT + 61), (120000, AT + 119)):
        clock.learn(at, now)
        assert clock.at(now) == AT + now // 1000
    clock.learn(AT + 1000, 120000)
    assert clock.at(120000) == AT + 1000


def test_an_impossible_time_does_not_replace_a_good_one():
    """0001-01-01 is the empty date of a widespread framework."""
    clock = Clock()
    clock.learn(AT, 0)
    for at in (-62135596800, 0, 1500000000, 253402300799):
        clock.learn(at, 1000)
        assert clock.at(1000) == AT + 1


def test_a_backend_without_a_clock_is_better_than_none():
    clock = Clock()
    clock.learn(-62135596800, 1000)
    assert clock.at(1000) == 0
    clock.learn(AT, 2000)
    assert clock.at(2000) == AT
    clock = Clock()
    clock.learn(253402300799, 0)
    assert clock.at(86400000) < 253402300799


def test_a_pace_is_due_once_an_interval():
    pace = Pace(10, 0)
    due = [now for now in range(45) if pace.due(10, now // 10 * 10)]
    assert due == [10, 20, 30, 40]


def test_a_pace_begins_silently_and_survives_a_step_of_the_clock():
    pace = Pace()
    assert not pace.due(900, 9000)
    assert pace.due(900, 9900)
    assert not pace.due(900, 9000)  # a second back over the boundary
    assert not pace.due(900, 9900)  # and over it again: said already
    assert pace.due(900, 10800)
    assert not pace.due(900, 900)  # set back for hours: a new beginning
    assert pace.due(900, 1800)
    assert pace.due(900, 90000)  # set forward: once, not a hundred times
    assert not pace.due(900, 90000)


def test_a_new_interval_begins_with_a_whole_one():
    pace = Pace(3600, 0)
    assert not pace.due(10, 1230)
    assert pace.due(10, 1240)
    assert not pace.due(60, 1200)
    assert pace.due(60, 1260)
