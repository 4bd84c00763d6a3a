"""Seeded random sets of profiles against the rules written down once more, second by second."""

import random

from firmware.ocpp import profile as packed
from firmware.ocpp.schedule import NEVER, own_ma, share_ma, whole_ma
from tests.unit.test_schedule import AT, BOARD, DAY, WEEK, make

SETS = 100
SPOTS = (1, 2, 30, 44, 45, 46, 3599, 3600, 7200, DAY - 1, DAY, DAY + 1, 3 * DAY, WEEK)
SPANS = {packed.DAILY: DAY, packed.WEEKLY: WEEK}


def instant():
    """Near the beginning of something, or anywhere in three weeks."""
    if random.getrandbits(1):
        return AT + random.choice((0, DAY, 2 * DAY, WEEK, 2 * WEEK)) + random.randrange(-90, 90)
    return AT + random.randrange(3 * WEEK)


def some(purpose):
    starts = [0] + [spot for spot in SPOTS if random.randrange(5) == 0]
    unit = random.choice((packed.AMPERE, packed.WATT))
    periods = []
    for start in starts:
        limit = random.randrange(0, 330) / 10 * (690 if unit == packed.WATT else 1)
        periods.append((start, int(limit * 10) / 10, random.randrange(1, 4)))
    how = {
        "level": random.randrange(4),
        "kind": random.randrange(4),
        "connector": 0 if purpose == packed.MAX else random.randrange(0, 3),
        "unit": unit,
        "start": random.choice((packed.START, instant(), instant())),
        "duration": random.choice((0, 1, 45, 3600, DAY, 2 * DAY, WEEK + 5)),
        "begins": random.choice((packed.FROM, packed.FROM, instant())),
        "ends": random.choice((packed.TO, packed.TO, instant())),
    }
    return periods, how, make(periods, purpose, **how)


def different(count, purpose):
    """No two of one level and connector."""
    found = {}
    for _ in range(count):
        one = some(purpose)
        found[(one[1]["level"], one[1]["connector"])] = one
    return [found[key] for key in found]


def limit_of(one, at, elapsed):
    """mA of one profile at one second, None where it says nothing."""
    periods, how, _ = one
    bounded = how["begins"] != packed.FROM or how["ends"] != packed.TO
    if bounded and (at is None or not how["begins"] <= at < how["ends"]):
        return None
    if how["kind"] == packed.RELATIVE or how["start"] == packed.START:
        second = elapsed
    elif at is None or at < how["start"]:
        return None
    else:
        second = at - how["start"]
    while how["kind"] in SPANS and second >= SPANS[how["kind"]]:
        second -= SPANS[how["kind"]]
    if how["duration"] and second >= how["duration"]:
        return None
    return ma_of(how, [p for p in periods if p[0] <= second][-1])


def ma_of(how, period):
    tenths = round(period[1] * 10)
    if how["unit"] == packed.AMPERE:
        return tenths * 100
    return tenths * 100 // (230 * period[2])


def best(listed, connector, at, elapsed):
    for level in (3, 2, 1, 0):
        here = [one for one in listed if one[1]["level"] == level]
        mine = [one for one in here if one[1]["connector"] == connector]
        for one in mine or [one for one in here if one[1]["connector"] == 0]:
            ma = limit_of(one, at, elapsed)
            if ma is not None:
                return ma
    return None


def expected(defaults, txs, connector, at, elapsed):
    mine = [one for one in txs if one[1]["connector"] == connector]
    ma = best(mine, connector, at, elapsed)
    return best(defaults, connector, at, elapsed) if ma is None else ma


def seconds_until(left):
    """Those at which it must not have changed: all of them when they are few."""
    last = min(left, 5 * DAY)
    if last <= 40:
        return range(1, last)
    return [1, 2, 3, last - 3, last - 2, last - 1] + [random.randrange(1, last) for _ in range(12)]


def test_own_says_what_the_rules_say_and_for_how_long():
    for seed in range(SETS):
        random.seed(seed)
        defaults = different(random.randrange(5), packed.DEFAULT)
        txs = [t for t in different(random.randrange(4), packed.TX) if t[1]["connector"]]
        profiles = [one[2] for one in defaults + txs]
        for _ in range(6):
            at, elapsed, connector = instant(), random.randrange(4000), random.randrange(1, 3)
            if random.randrange(8) == 0:
                at = None
            ma, left = own_ma(profiles, connector, at, elapsed, BOARD)
            assert ma == expected(defaults, txs, connector, at, elapsed), (seed, at, elapsed)
            assert 1 <= left <= NEVER
            for s in seconds_until(left):
                then = None if at is None else at + s
                same = expected(defaults, txs, connector, then, elapsed + s)
                assert same == ma, (seed, at, elapsed, s, left)


def test_a_walk_from_change_to_change_misses_none():
    """Every second of an hour around each beginning."""
    for seed in range(SETS // 4):
        random.seed(1000 + seed)
        defaults = different(4, packed.DEFAULT)
        profiles = [one[2] for one in defaults]
        at = AT + random.choice((0, DAY, WEEK)) - 60
        elapsed = random.randrange(100)
        s = steps = 0
        while s < 600:
            ma, left = own_ma(profiles, 1, at + s, elapsed + s, BOARD)
            steps += 1
            for k in range(s, min(s + left, 600)):
                assert best(defaults, 1, at + k, elapsed + k) == ma, (seed, k)
            s += left
        assert steps <= 600


def test_the_whole_says_what_the_rules_say():
    for seed in range(SETS):
        random.seed(2000 + seed)
        listed = [w for w in different(4, packed.MAX) if w[1]["start"] != packed.START]
        listed = [w for w in listed if w[1]["kind"] != packed.RELATIVE]
        profiles = [one[2] for one in listed]
        at = instant()
        ma, left = whole_ma(profiles, at, BOARD)
        assert ma == best(listed, 0, at, 0)
        for s in seconds_until(left):
            assert best(listed, 0, at + s, 0) == ma
        lowest = []
        for periods, how, _ in listed:
            end = how["duration"] or NEVER
            end = min(end, SPANS.get(how["kind"], NEVER))
            lowest += [ma_of(how, p) for p in periods if p[0] < end]
        assert whole_ma(profiles, None, BOARD)[0] == (min(lowest) if lowest else None)


def test_shares_are_fair_and_within_the_total():
    """Whatever the wishes are: within the total, each between its least and its most or paused,
    nobody pauses who could be served, and what is left nobody could take."""
    for seed in range(SETS * 4):
        random.seed(3000 + seed)
        wishes = []
        for _ in range(random.randrange(1, 6)):
            most = random.choice((0, 5999, 6000, 10000, 32000, random.randrange(40000)))
            wishes.append((most, random.choice((0, 0, 8000, random.randrange(20000)))))
        total = random.choice((0, 5999, 6000, 12000, 12001, random.randrange(90000)))
        shares = share_ma(total, wishes)
        assert shares == share_ma(total, wishes)
        left = total - sum(shares)
        assert left >= 0
        raised = 0
        for (most, least), share in zip(wishes, shares):
            least = max(6000, min(least, most))
            assert share == 0 or least <= share <= most
            raised += 1 if 0 < share < most else 0
        assert left < raised or raised == 0, (seed, total, wishes, shares)
        for k, (most, least) in enumerate(wishes):
            if shares[k] == 0 and most >= 6000:
                least = max(6000, min(least, most))
                before = [max(6000, min(w[1], w[0])) for w, s in zip(wishes[:k], shares) if s]
                assert sum(before) + least > total, (seed, wishes, shares)
