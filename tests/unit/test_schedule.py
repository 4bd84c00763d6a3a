"""What the profiles say at a second, and for how long (OCPP 1.6 3.13, 5.16, 7.8 ff, errata)."""

from firmware.ocpp import profile as packed
from firmware.ocpp.schedule import NEVER, Supply, own_ma, say, share_ma, tenths, whole_ma

DAY = 86400
WEEK = 7 * DAY
AT = 1767225600  # 2026-01-01T00:00:00Z
BOARD = Supply(230, 3)


def make(
    periods,
    purpose=packed.DEFAULT,
    level=0,
    kind=packed.ABSOLUTE,
    connector=0,
    unit=packed.AMPERE,
    start=AT,
    duration=0,
    begins=packed.FROM,
    ends=packed.TO,
    least=0,
    number=0,
    id=1,
):
    """`periods`: (start, amperes or watts[, phases])."""
    head = (connector, purpose, level, kind, unit, id, number)
    head += (begins, ends, start, duration, least)
    full = [(p[0], int(p[1] * 10 + 0.5), p[2] if len(p) > 2 else 3) for p in periods]
    return packed.pack(head, full)


def own(profiles, at=AT, elapsed=0, connector=1, supply=BOARD):
    return own_ma(profiles, connector, at, elapsed, supply)


def test_no_profile_no_limit():
    assert own([]) == (None, NEVER)
    assert whole_ma([], AT, BOARD) == (None, NEVER)
    assert whole_ma([], None, BOARD) == (None, NEVER)


def test_a_period_begins_at_its_second_and_ends_where_the_next_begins():
    """7.14: startPeriod also defines the stop time of the previous period."""
    p = [make([(0, 16), (60, 8.1), (100, 0)])]
    assert own(p, AT - 1) == (None, 1)
    assert own(p, AT) == (16000, 60)
    assert own(p, AT + 59) == (16000, 1)
    assert own(p, AT + 60) == (8100, 40)
    assert own(p, AT + 100) == (0, NEVER)


def test_without_duration_the_last_period_never_ends():
    """7.13: it will continue indefinitely, also when that is more than 34 years."""
    assert own([make([(0, 16), (9, 10)], start=0)]) == (10000, NEVER)


def test_the_duration_cuts_periods_and_keeps_the_last_one():
    """5.16.4: remainder periods are not executed; the last value is kept until it has ended."""
    p = [make([(0, 16), (60, 8), (100, 6)], duration=100)]
    assert own(p, AT + 60) == (8000, 40)
    assert own(p, AT + 99) == (8000, 1)
    assert own(p, AT + 100) == (None, NEVER)
    p = [make([(0, 16)], duration=100)]
    assert own(p, AT + 99) == (16000, 1)


def test_a_daily_one_restarts_every_24_hours_at_the_time_of_its_start():
    """Erratum 3.79."""
    p = [make([(0, 16), (3600, 8)], kind=packed.DAILY, start=AT + 7200)]
    assert own(p, AT) == (None, 7200)
    for day in (0, 1, 2, 4000):
        t = AT + 7200 + day * DAY
        assert own(p, t) == (16000, 3600)
        assert own(p, t + 3600) == (8000, DAY - 3600)
        assert own(p, t + DAY - 1) == (8000, 1)


def test_a_weekly_one_restarts_every_7_days():
    p = [make([(0, 16), (6 * DAY, 8)], kind=packed.WEEKLY)]
    assert own(p, AT + 52 * WEEK + 6 * DAY) == (8000, DAY)
    assert own(p, AT + 52 * WEEK) == (16000, 6 * DAY)


def test_what_is_longer_than_the_recurrence_is_not_executed():
    """Errata 3.43, 3.44."""
    p = [make([(0, 16), (DAY, 6), (2 * DAY, 7)], kind=packed.DAILY, duration=3 * DAY)]
    assert own(p, AT + DAY - 1) == (16000, 1)
    assert own(p, AT + DAY) == (16000, DAY)


def test_a_shorter_duration_leaves_the_rest_of_the_day_to_a_lower_level():
    """Erratum 3.43: a lower stackLevel if available, else as if there were none."""
    high = make([(0, 6)], kind=packed.DAILY, duration=3600, level=3)
    low = make([(0, 20)], level=1)
    assert own([high], AT + 3600) == (None, DAY - 3600)
    assert own([low, high], AT + 3600) == (20000, DAY - 3600)
    assert own([low, high], AT + DAY) == (6000, 3600)


def test_relative_counts_from_the_beginning_of_the_transaction():
    p = [make([(0, 16), (60, 8)], kind=packed.RELATIVE, start=AT - 50000, duration=90)]
    assert own(p, AT, 0) == (16000, 60)
    assert own(p, AT, 60) == (8000, 30)
    assert own(p, AT, 90) == (None, NEVER)


def test_without_a_start_every_kind_counts_from_the_transaction():
    """7.13: if absent the schedule will be relative to start of charging."""
    for kind in (packed.ABSOLUTE, packed.RELATIVE):
        p = [make([(0, 16), (60, 8)], kind=kind, start=packed.START)]
        assert own(p, AT, 60) == (8000, NEVER)
    p = [make([(0, 16), (60, 8)], kind=packed.DAILY, start=packed.START)]
    assert own(p, AT, 60) == (8000, DAY - 60)
    assert own(p, AT, DAY + 59) == (16000, 1)


def test_valid_from_is_included_and_valid_to_is_not():
    p = [make([(0, 16), (60, 8)], begins=AT + 10, ends=AT + 70)]
    assert own(p, AT + 9) == (None, 1)
    assert own(p, AT + 10) == (16000, 50)
    assert own(p, AT + 60) == (8000, 10)
    assert own(p, AT + 70) == (None, NEVER)


def test_the_highest_level_of_those_valid_prevails():
    """3.13.2; and it takes over in the middle of a lower one's period."""
    low = make([(0, 10)], level=0)
    high = make([(0, 20), (60, 30)], level=8, begins=AT + 30, ends=AT + 90)
    for profiles in ([low, high], [high, low]):
        assert own(profiles, AT) == (10000, 30)
        assert own(profiles, AT + 30) == (20000, 30)
        assert own(profiles, AT + 60) == (30000, 30)
        assert own(profiles, AT + 90) == (10000, NEVER)


def test_a_lower_level_that_changes_is_not_looked_at():
    low = make([(n, n) for n in range(20)], level=0)
    high = make([(0, 20)], level=1)
    assert own([low, high]) == (20000, NEVER)


def test_a_tx_profile_overrules_the_default_of_any_level():
    """3.13.1, at every second at which it has a say."""
    default = make([(0, 10)], level=8)
    tx = make([(0, 20)], packed.TX, 0, connector=1, start=AT + 5, duration=10, number=3)
    assert own([tx, default], AT) == (10000, 5)
    assert own([default, tx], AT + 5) == (20000, 10)
    assert own([tx, default], AT + 15) == (10000, NEVER)
    assert own([tx], AT + 5, connector=2) == (None, NEVER)


def test_the_default_of_a_connector_replaces_that_of_0_on_its_level():
    """3.13.1: replaced only for that specific connector; 3.13.2: the level decides first."""
    both = make([(0, 10)], level=2)
    one = make([(0, 20)], level=2, connector=1)
    for profiles in ([both, one], [one, both]):
        assert own(profiles, connector=1) == (20000, NEVER)
        assert own(profiles, connector=2) == (10000, NEVER)
    gone = make([(0, 20)], level=2, connector=1, ends=AT)
    low = make([(0, 7)], level=1)
    assert own([both, gone], connector=1) == (None, NEVER)
    assert own([both, gone, low], connector=1) == (7000, NEVER)
    assert own([both, gone, low], connector=2) == (10000, NEVER)
    higher = make([(0, 12)], level=3)
    assert own([one, higher], connector=1) == (12000, NEVER)
    lower = make([(0, 12)], level=1, connector=1)
    assert own([both, lower], connector=1) == (10000, NEVER)


def test_watts_by_the_nominal_voltage_and_the_phases_that_there_are():
    """Errata 3.34, 3.69: never above what the power allows, so rounded down."""
    assert own([make([(0, 11000)], unit=packed.WATT)])[0] == 11000000 // 690
    assert own([make([(0, 11000, 2)], unit=packed.WATT)])[0] == 11000000 // 460
    assert own([make([(0, 3680, 1)], unit=packed.WATT)])[0] == 16000
    one = Supply(230, 1)
    assert own([make([(0, 3680)], unit=packed.WATT)], supply=one)[0] == 16000
    assert own([make([(0, 1100)], unit=packed.WATT)], supply=Supply(110, 1))[0] == 10000
    for phases in (1, 2, 3):  # the amperes are those of each phase
        assert own([make([(0, 16, phases)])])[0] == 16000


def test_in_the_other_unit():
    a, w = make([(0, 16.1, 2)]), make([(0, 11000.7)], unit=packed.WATT)
    first = packed.FIRST
    assert tenths(a, first, packed.AMPERE, BOARD) == (161, 2)
    assert tenths(a, first, packed.WATT, BOARD) == (161 * 460, 2)
    assert tenths(a, first, packed.WATT, Supply(230, 1)) == (161 * 230, 1)
    assert tenths(w, first, packed.WATT, BOARD) == (110007, 3)
    assert tenths(w, first, packed.AMPERE, BOARD) == (110007 // 690, 3)


def test_the_whole_is_a_stack_of_its_own():
    a = make([(0, 32), (100, 16)], packed.MAX)
    b = make([(0, 20)], packed.MAX, 1, duration=50)
    other = make([(0, 7)])
    assert whole_ma([a, b, other], AT, BOARD) == (20000, 50)
    assert whole_ma([a, b, other], AT + 50, BOARD) == (32000, 50)
    assert own([a, b]) == (None, NEVER)


def test_while_the_clock_is_unknown_the_whole_has_its_lowest_limit():
    """Of all levels and of every period that can be executed: who knows what time it is."""
    a = make([(0, 32), (100, 16), (200, 18)], packed.MAX, ends=AT - 5)
    b = make([(0, 20)], packed.MAX, 1)
    assert whole_ma([a, b], None, BOARD) == (16000, NEVER)
    assert whole_ma([b, a], None, BOARD) == (16000, NEVER)
    cut = make([(0, 32), (100, 16)], packed.MAX, duration=100)
    assert whole_ma([cut], None, BOARD) == (32000, NEVER)
    daily = make([(0, 32), (DAY, 16)], packed.MAX, kind=packed.DAILY)
    assert whole_ma([daily], None, BOARD) == (32000, NEVER)


def test_the_whole_without_a_beginning_has_its_lowest_limit():
    p = make([(0, 32), (100, 16), (200, 18)], packed.MAX, kind=packed.RELATIVE, start=packed.START)
    assert whole_ma([p], AT, BOARD)[0] == 16000
    p = make([(0, 32), (9, 7)], packed.MAX, start=packed.START, begins=AT + 9)
    assert whole_ma([p], AT, BOARD) == (None, 9)


def test_while_the_clock_is_unknown_only_the_transaction_is_counted_from():
    relative = make([(0, 16), (60, 8)], kind=packed.RELATIVE)
    assert own([relative], None, 60) == (8000, NEVER)
    assert own([make([(0, 16)])], None, 60) == (None, NEVER)
    assert own([make([(0, 16)], kind=packed.DAILY)], None, 60) == (None, NEVER)
    for window in ({"begins": 5}, {"ends": AT * 2}):
        assert own([make([(0, 16)], kind=packed.RELATIVE, **window)], None, 60) == (None, NEVER)


def test_the_change_is_told_at_once_however_far_away_it_is():
    """The work does not grow with the horizon: a whole lap of 34 years is one step."""
    p = make([(0, 16)], begins=AT + 2 * NEVER)
    assert say(p, AT, 0) == (-1, NEVER)
    far = make([(0, 16)], kind=packed.DAILY, start=AT - 300 * 366 * DAY, duration=60)
    assert own([far], AT + 59)[1] == 1


# --- sharing ------------------------------------------------------------------------------------


def test_no_bound_gives_each_its_most():
    assert share_ma(None, [(32000, 0), (10000, 0), (5999, 0)]) == [32000, 10000, 0]
    assert share_ma(None, []) == []
    assert share_ma(16000, []) == []


def test_equal_shares_and_what_one_cannot_take_is_the_others():
    assert share_ma(32000, [(32000, 0), (32000, 0)]) == [16000, 16000]
    assert share_ma(32000, [(8000, 0), (32000, 0)]) == [8000, 24000]
    assert share_ma(40000, [(32000, 0), (10000, 0), (32000, 0)]) == [15000, 10000, 15000]
    assert share_ma(90000, [(32000, 0), (20000, 0)]) == [32000, 20000]


def test_one_that_its_own_profile_pauses_leaves_its_part():
    assert share_ma(20000, [(0, 0), (32000, 0), (5000, 0)]) == [0, 20000, 0]


def test_below_6_a_the_latest_pauses_first():
    """IEC 61851-1 A.5.2: a share below 6 A is none."""
    both = [(32000, 0), (32000, 0)]
    assert share_ma(12000, both) == [6000, 6000]
    assert share_ma(11999, both) == [11999, 0]
    assert share_ma(5999, both) == [0, 0]
    assert share_ma(13000, both + both) == [6500, 6500, 0, 0]


def test_below_the_min_charging_rate_too():
    assert share_ma(20000, [(32000, 0), (32000, 12000)]) == [8000, 12000]
    assert share_ma(17999, [(32000, 0), (32000, 12000)]) == [17999, 0]
    assert share_ma(17999, [(32000, 12000), (32000, 0)]) == [17999, 0]
    # Never asked for more than the CSMS allows it.
    assert share_ma(20000, [(32000, 0), (8000, 12000)]) == [12000, 8000]
    # Who cannot be served alone keeps nobody from charging.
    assert share_ma(10000, [(32000, 12000), (32000, 0)]) == [0, 10000]


def test_what_does_not_divide_is_given_to_nobody():
    assert share_ma(20001, [(32000, 0), (32000, 0), (32000, 0)]) == [6667, 6667, 6667]
    assert share_ma(20000, [(32000, 0), (32000, 0), (32000, 0)]) == [6666, 6666, 6666]
