"""firmware/ocpp/schedule.py against an evaluator that knows only the text of OCPP 1.6
(schedule_reference.py), on random sets of profiles.

Sets of up to 10 profiles from seeds: every purpose, kind and recurrence, stack levels that cut
each other, validity windows, durations shorter and longer than the recurrence, W and A, 1 to 3
phases, five supplies. 300 sets second by second over two days and 12 over three weeks (147 million
seconds), 1700 at every edge of their profiles, the seconds beside it and instants years away, 200
without a transaction, 360 without a clock, 400 composite schedules, 30000 sharings. A test that
fails prints the smallest set it can find.
"""

import dataclasses
import random
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from firmware.ocpp import schedule
from firmware.ocpp.v16 import charging_profile
from firmware.ocpp.v16.composite import Composite
from tests.host import schedule_reference as reference
from tests.host.schedule_reference import DEFAULT, MAX, TX, Installed, Site, Wall

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
DAY_S, WEEK_S = 86400, 604800
NEW_YEAR = "2000-01-01T00:00:00Z"
SITES = [Site(230, 3), Site(230, 1), Site(230, 2), Site(110, 1), Site(277, 3)]


def seconds_of(at):
    return (at - EPOCH) // timedelta(seconds=1)


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Bounds:
    """A station that takes whatever the specification allows."""

    level, periods, units = 99, 99, ["Current", "Power"]


# --- random profiles -----------------------------------------------------------------------------


class Case:
    """A set of profiles, a supply, a transaction on connector 1 and the moment one looks."""

    def __init__(self, seed):
        self.dice = dice = random.Random(seed)
        self.seed = seed
        self.site = dice.choice(SITES)
        self.now = NOON + timedelta(seconds=dice.randint(-WEEK_S, WEEK_S))
        ago = dice.choice([0, 1, dice.randrange(600), dice.randrange(5 * DAY_S)])
        self.begun = self.now - timedelta(seconds=ago)
        self.profiles = []
        taken = set()
        for _ in range(dice.randint(1, 10)):
            one = self.installed()
            place = (one.connector, one.purpose, one.level)
            if place not in taken:  # 3.13.2: there can be only one
                taken.add(place)
                self.profiles.append(one)
        self.pack()

    def pack(self):
        self.packed = [
            charging_profile.pack(one.profile, one.connector, seconds_of(one.received), Bounds)
            for one in self.profiles
        ]
        self.supply = schedule.Supply(self.site.volts, self.site.phases)

    def installed(self):
        dice = self.dice
        purpose = dice.choice([MAX, DEFAULT, DEFAULT, TX, TX])
        connector = {MAX: 0, TX: 1}.get(purpose, dice.choice([0, 1, 1, 2]))
        profile = {
            "chargingProfileId": dice.randrange(1 << 31),
            "stackLevel": dice.choice([0, 1, 2, 3, 8]),
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": dice.choice(["Absolute", "Recurring", "Recurring", "Relative"]),
            "chargingSchedule": self.schedule(),
        }
        if profile["chargingProfileKind"] == "Recurring":
            profile["recurrencyKind"] = dice.choice(["Daily", "Daily", "Weekly"])
        if dice.random() < 0.3:
            profile["validFrom"] = text(self.moment())
        if dice.random() < 0.3:
            until = self.moment()
            if text(until) > profile.get("validFrom", ""):  # else it is Rejected
                profile["validTo"] = text(until)
        received = self.now - timedelta(seconds=dice.randrange(2 * DAY_S))
        return Installed(connector, profile, received)

    def schedule(self):
        dice = self.dice
        unit = dice.choice("AAW")
        starts = {dice.choice(STEPS)(dice) for _ in range(dice.randrange(6))} - {0}
        made = {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [self.period(start, unit) for start in [0, *sorted(starts)]],
        }
        if dice.random() < 0.7:
            made["startSchedule"] = text(self.moment())
        if dice.random() < 0.6:
            made["duration"] = max(1, dice.choice(STEPS)(dice))
        if dice.random() < 0.2:
            made["minChargingRate"] = dice.choice([6, 6.5, 8.1, 1380])
        return made

    def period(self, start, unit):
        dice = self.dice
        tenths = dice.randrange(0, 400) if unit == "A" else dice.randrange(0, 230000)
        made = {"startPeriod": start, "limit": dice.choice([tenths / 10, tenths // 10])}
        if dice.random() < 0.6:
            made["numberPhases"] = dice.choice([1, 2, 3])
        return made

    def moment(self):
        """Somewhere near, more often on an hour, at times years away."""
        dice = self.dice
        at = self.now + timedelta(seconds=dice.randint(-8 * DAY_S, 3 * DAY_S))
        if dice.random() < 0.5:
            at = at.replace(minute=0, second=0)
        if dice.random() < 0.03:
            at = at.replace(year=dice.choice([2019, 2025, 2031]), day=1)
        return at

    # --- both sides ------------------------------------------------------------------------------

    def at(self, second):
        return self.now + timedelta(seconds=second)

    def own(self, second):
        at = self.at(second)
        elapsed_s = (at - self.begun) // timedelta(seconds=1)
        return schedule.own_ma(self.packed, 1, seconds_of(at), elapsed_s, self.supply)

    def whole(self, second):
        return schedule.whole_ma(self.packed, seconds_of(self.at(second)), self.supply)

    def wall(self, purpose, seconds):
        wall = Wall(self.now, seconds)
        if purpose == MAX:
            wall.whole(self.profiles, self.site)
        else:
            wall.own(self.profiles, 1, self.site, self.begun)
        return wall

    def book(self, purpose, second):
        """By the text, for this one second."""
        if purpose == MAX:
            said = reference.whole(self.profiles, self.site, self.at(second))
        else:
            said = reference.own(self.profiles, 1, self.site, self.at(second), self.begun)
        return reference.milliamps(said)

    def told(self):
        lines = ["seed %d, now %s, transaction since %s" % (self.seed, self.now, self.begun)]
        lines += ["%d %s %s" % (o.connector, text(o.received), o.profile) for o in self.profiles]
        return "\n".join([*lines, str(self.site)])


STEPS = [
    lambda dice: dice.randrange(1, 10),
    lambda dice: dice.randrange(0, DAY_S, 3600),
    lambda dice: dice.randrange(DAY_S),
    lambda dice: dice.randrange(2 * DAY_S),
    lambda dice: dice.choice([DAY_S, WEEK_S, DAY_S - 1, DAY_S + 1, WEEK_S + 1]),
    lambda dice: dice.randrange(3 * WEEK_S),
]


def each(seeds, judge):
    """judge(case) -> None or what is wrong. Of the first that fails, as few profiles and periods
    as still fail."""
    for seed in seeds:
        case = Case(seed)
        wrong = judged(case, judge)
        if wrong:
            raise AssertionError("%s\n%s" % shrunk(case, judge, wrong))


def judged(case, judge):
    case.dice.seed(case.seed)
    return judge(case)


def shrunk(case, judge, wrong):
    smaller = True
    while smaller:
        smaller = False
        for items in [case.profiles] + [
            one.schedule["chargingSchedulePeriod"] for one in case.profiles
        ]:
            for item in list(items)[items is not case.profiles :]:
                before = list(items)
                items.remove(item)
                case.pack()
                now_wrong = judged(case, judge)
                if now_wrong:
                    wrong, smaller = now_wrong, True
                else:
                    items[:] = before
    case.pack()
    return wrong, case.told()


# --- the limit now, and when it changes ----------------------------------------------------------


def expanded(ask, seconds):
    """(colours, jumps): the answer of every second, asked only when it may be another."""
    colours, jumps = [], 0
    while len(colours) < seconds:
        value, left_s = ask(len(colours))
        assert isinstance(left_s, int) and left_s >= 1
        colours += [value] * min(left_s, seconds - len(colours))
        jumps += 1
    return colours, jumps


def second_by_second(seconds, case):
    for purpose, ask in ((TX, case.own), (MAX, case.whole)):
        wall = case.wall(purpose, seconds)
        found, jumps = expanded(ask, seconds)
        if found != wall.colours:
            at = next(i for i in range(seconds) if found[i] != wall.colours[i])
            return "%s at second %d (%s): firmware %s, by the text %s" % (
                purpose, at, case.at(at), found[at], wall.colours[at],
            )  # fmt: skip
        if jumps > len(wall.edges):  # it wakes only where some profile begins or ends something
            return "%s: asked %d times, there are %d edges" % (purpose, jumps, len(wall.edges))
        for _ in range(30):  # asked in the midst of it: the same, and constant until left_s
            at = case.dice.choice([*wall.edges, case.dice.randrange(seconds)])
            at = min(max(0, at + case.dice.choice([-1, 0, 0, 1])), seconds - 1)
            value, left_s = ask(at)
            ahead = wall.colours[at : at + left_s]
            if ahead.count(value) != len(ahead):
                return "%s at second %d: firmware %s for %d s, by the text %s, then %s" % (
                    purpose, at, value, left_s, ahead[0],
                    [i for i in range(len(ahead)) if ahead[i] != ahead[0]][:1],
                )  # fmt: skip
    return None


def test_every_second_of_two_days():
    """3.13: the limit of every second, and of 60 instants in each set until when it stays."""
    each(range(300), lambda case: second_by_second(2 * DAY_S, case))


def test_every_second_of_three_weeks():
    """The same over three recurrences of a week."""
    each(range(300, 312), lambda case: second_by_second(3 * WEEK_S, case))


def by_the_text(case):
    edges = set()
    for purpose in (TX, MAX):
        edges |= case.wall(purpose, DAY_S).edges
    near = [edge + side for edge in sorted(edges) for side in (-1, 0, 1)]
    instants = case.dice.sample(near, min(len(near), 24))
    instants += [case.dice.randrange(DAY_S) for _ in range(4)]
    instants += [case.dice.randint(0, 4 * WEEK_S), case.dice.randint(0, 3 * 365 * DAY_S)]
    for at in instants:
        at = max(at, (case.begun - case.now) // timedelta(seconds=1))
        for purpose, ask in ((TX, case.own), (MAX, case.whole)):
            value, left_s = ask(at)
            for there in (at, at + left_s - 1 if left_s < 1000 * DAY_S else at):
                wanted = case.book(purpose, there)
                if value != wanted:
                    return "%s at second %d (%s, asked at %d): firmware %s, by the text %s" % (
                        purpose, there, case.at(there), at, value, wanted,
                    )  # fmt: skip
    return None


def test_the_text_at_every_edge():
    """1700 sets at the edges of all their profiles, one second before and after, and years on;
    the answer holds to the last second it was promised for."""
    each(range(1000, 2700), by_the_text)


def test_the_two_references_agree():
    """The wall and the text know the same: who is wrong, if one of them is?"""
    for seed in range(5000, 5060):
        case = Case(seed)
        for purpose in (TX, MAX):
            wall = case.wall(purpose, 2 * DAY_S)
            for edge in sorted(wall.edges)[:20]:
                for at in (edge - 1, edge, edge + 1):
                    if 0 <= at < wall.seconds:
                        assert wall.colours[at] == case.book(purpose, at), case.told()


def test_without_a_transaction():
    """A connector without one: what a transaction would get that begins now (3.13.6)."""

    def judge(case):
        for _ in range(10):
            case.begun = case.at(case.dice.randrange(2 * DAY_S))
            at = (case.begun - case.now) // timedelta(seconds=1)
            if case.own(at)[0] != case.book(TX, at):
                return "begins at %s: %s, by the text %s" % (
                    case.begun, case.own(at), case.book(TX, at),
                )  # fmt: skip
        return None

    each(range(3000, 3200), judge)


# --- GetCompositeSchedule ------------------------------------------------------------------------


def asked(case, legs, connector, duration_s, unit, most_periods):
    """The payload of GetCompositeSchedule.conf."""
    made = Composite(
        case.packed,
        [
            (number, (case.now - begun) // timedelta(seconds=1), int(most * 1000))
            for number, begun, most in legs
        ],
        seconds_of(case.now),
        duration_s,
        "AW".index(unit),
        case.supply,
    )
    while not made.step(most_periods):
        pass
    return made.answer(connector)


def read_back(case, unit, period):
    """Amps per phase, as 7.12 reads a period."""
    if unit == "A":
        return reference.exact(period["limit"])
    phases = period.get("numberPhases", 3)
    return reference.exact(period["limit"]) / (case.site.volts * phases)


def judge_composite(case, connector):
    dice = case.dice
    unit = dice.choice("AW")
    duration_s = dice.choice([1, 3600, DAY_S, dice.randrange(1, 2 * DAY_S)])
    most_periods = dice.choice([3, 24, 1000])
    legs = [(1, case.begun, dice.choice([6, 16, 32, Fraction(13850, 1000)]))]
    if connector == 0:
        legs.append((2, case.now - timedelta(seconds=dice.randrange(DAY_S)), 16))
        if unit == "W":  # a sum of power over different phases can not be read back as a current
            for one in case.profiles:
                for period in one.schedule["chargingSchedulePeriod"]:
                    period["numberPhases"] = case.site.phases
            case.pack()
    answer = asked(case, legs, connector, duration_s, unit, most_periods)
    said = answer["chargingSchedule"]
    periods = said["chargingSchedulePeriod"]
    starts = [period["startPeriod"] for period in periods]
    cut = len(periods) == most_periods and said["duration"] < duration_s
    if (
        (answer["status"], answer["connectorId"]) != ("Accepted", connector)
        or answer["scheduleStart"] != text(case.now)  # 5.7: from Time X
        or "startSchedule" in said  # erratum 3.57
        or said["chargingRateUnit"] != unit
        or starts[0] != 0
        or starts != sorted(set(starts))
        or not (said["duration"] == duration_s or cut)
        or starts[-1] >= said["duration"]
        or len(periods) > most_periods
    ):
        return "composite of %s: not as 5.7 says: %s" % (connector, answer)
    ends = [*starts[1:], said["duration"]]
    spoken = []
    for period, end in zip(periods, ends):
        spoken += [period] * (end - period["startPeriod"])
    wanted = reference.composite(
        case.profiles, legs, case.site, case.now, said["duration"], connector
    )
    pairs = {}
    for second, pair in enumerate(zip(map(id, wanted), map(id, spoken))):
        pairs.setdefault(pair, second)
    for second in pairs.values():
        amps = read_back(case, unit, spoken[second])
        phases = spoken[second].get("numberPhases", 3)
        step = Fraction(1, 10) if unit == "A" else Fraction(1, 10 * case.site.volts * phases)
        if not 0 <= wanted[second] - amps < step * len(legs):
            return "composite of %d in %s, second %d: %s is %g A, by the text %g A: %s" % (
                connector, unit, second, spoken[second], amps, wanted[second], answer,
            )  # fmt: skip
    return None


def test_composite_of_a_connector():
    """5.7 and 3.13.3: expanded second by second it is the minimum of all purposes, in both units,
    rounded down to the one digit of 7.14; where there is no room for all periods it ends early."""
    each(range(6000, 6200), lambda case: judge_composite(case, 1))


def test_composite_of_the_charge_point():
    """5.7: for connector 0 the total of all connectors under the ChargePointMaxProfile."""
    each(range(6300, 6500), lambda case: judge_composite(case, 0))


# --- the clock was never set ---------------------------------------------------------------------


def timeless(one):
    """It names no moment."""
    kind, profile = one.profile["chargingProfileKind"], one.profile
    named = "validFrom" in profile or "validTo" in profile
    return not named and (kind == "Relative" or "startSchedule" not in one.schedule)


def test_own_limit_without_a_clock():
    """Nothing is said about a clock that is not set. Read as: what begins with the transaction is
    as with a clock; what names a moment has no say, as if it were over."""

    def judge(case):
        known = case.profiles
        over = [
            one
            if timeless(one)
            else dataclasses.replace(one, profile=dict(one.profile, validTo=NEW_YEAR))
            for one in known
        ]
        for elapsed_s in [0, 1, 9, 3599, 3600, DAY_S - 1, DAY_S, WEEK_S, *case.dice.sample(
            range(2 * WEEK_S), 5
        )]:  # fmt: skip
            value, left_s = schedule.own_ma(case.packed, 1, None, elapsed_s, case.supply)
            ends_s = elapsed_s + left_s - 1 if left_s < 1000 * DAY_S else elapsed_s
            case.profiles = over
            offset = (case.begun - case.now) // timedelta(seconds=1)
            wanted = [case.book(TX, offset + then) for then in (elapsed_s, ends_s)]
            case.profiles = known
            if wanted != [value, value]:
                return "after %d s, for %d s: firmware %s, by the text %s" % (
                    elapsed_s, left_s, value, wanted,
                )  # fmt: skip
        return None

    each(range(3200, 3500), judge)


def test_whole_limit_without_a_clock():
    """Without a clock the grid is safe: no more than any second would allow if it were known, and
    no other number than one of the limits."""

    def judge(case):
        value, _ = schedule.whole_ma(case.packed, None, case.supply)
        least = [limit for limit in case.wall(MAX, 2 * WEEK_S).colours if limit is not None]
        if least and (value is None or value > min(least)):
            return "firmware %s, but %s is a limit of some second" % (value, min(least))
        ever = [
            reference.milliamps(reference.amps(case.site, one.schedule, period))
            for one in case.profiles
            if one.purpose == MAX
            for period in one.schedule["chargingSchedulePeriod"]
        ]
        return "%s is nobody's limit" % value if value not in [None, *ever] else None

    each(range(3500, 3560), judge)


# --- the time it takes ---------------------------------------------------------------------------


def steps(function, second):
    """Lines of Python that run for one answer."""
    count = [0]

    def trace(_frame, _event, _argument):
        count[0] += 1
        return trace

    sys.settrace(trace)
    try:
        function(second)
    finally:
        sys.settrace(None)
    return count[0]


def test_the_time_does_not_grow_with_the_distance():
    """An answer costs the same 40 years after the startSchedule as on the first day."""
    for seed in range(4000, 4050):
        case = Case(seed)
        for one in case.profiles:
            one.profile.pop("validTo", None)
            if one.profile["chargingProfileKind"] != "Recurring":
                one.schedule.pop("duration", None)
        case.pack()
        weeks = 2100
        near = max(60 * DAY_S, 8 * 365 * DAY_S)  # all that was to begin once has begun
        for ask in (case.own, case.whole):
            far = near + weeks * WEEK_S
            assert steps(ask, far) == steps(ask, near), case.told()


# --- one ChargePointMaxProfile among several connectors -----------------------------------------


def shares(dice):
    wishes = [
        (most_ma, dice.choice([0, 0, 6000, 8000, 10500]))
        for most_ma in (
            dice.choice([0, 4000, 6000, 10000, 16000, 32000, dice.randrange(32001)])
            for _ in range(dice.randrange(1, 7))
        )
    ]
    total = dice.choice([None, 0, 5999, 6000, 12000, 32000, dice.randrange(100000)])
    return total, wishes


def least_of(most_ma, least_ma):
    """Below 6 A nobody charges (IEC 61851-1); nobody needs more than he may have."""
    return min(max(least_ma, 6000), most_ma)


def test_shares():
    """3.13.3: "The combined energy flow of all connectors SHALL NOT be greater than the limit set
    by ChargePointMaxProfile", and who pauses does so for a reason. 20000 sets."""
    dice = random.Random(7)
    for _ in range(20000):
        total, wishes = shares(dice)
        got = schedule.share_ma(total, wishes)
        told = "%s of %s among %s" % (got, total, wishes)
        assert len(got) == len(wishes), told
        assert total is None or sum(got) <= total, told
        for share, (most, least) in zip(got, wishes):
            assert share <= most, told  # nobody is above his own limit
            assert share == 0 or share >= least_of(most, least) >= 6000, told
            assert total is not None or share == (most if most >= 6000 else 0), told
        judge_pauses(total, wishes, got, told)
        judge_fairness(total, wishes, got, told)


def judge_pauses(total, wishes, got, told):
    """Who may have 6 A and gets nothing came later than all whose leasts left too little."""
    if total is None:
        return
    used = 0
    for share, wish in zip(got, wishes):
        if wish[0] < 6000:
            assert share == 0, told
        elif share == 0:
            assert used + least_of(*wish) > total, told + ": starved without reason"
        else:
            used += least_of(*wish)


def judge_fairness(total, wishes, got, told):
    """Who charges has his most, or no less than anybody whose own least does not hold him up;
    and not one mA more could have been given to each of those."""
    if total is None:
        return
    running = [(share, *wish) for share, wish in zip(got, wishes) if share]
    open_ = [share for share, most, least in running if share < most]
    for share in open_:
        for other, most, least in running:
            assert other <= share + 1 or other == least_of(most, least), told + ": unfair"
    held = [share for share, most, least in running if share < most]
    lifted = [s for s, most, least in running if s < most and s == min(open_)]
    if held:
        assert total - sum(got) < len(lifted), told + ": left lying"


def test_more_to_share_pauses_nobody():
    """Where all need as much, more to share never pauses anybody who charges."""
    dice = random.Random(11)
    for _ in range(5000):
        total, wishes = shares(dice)
        if total is not None:
            wishes = [(most, 6000) for most, _ in wishes]
            before, after = (
                schedule.share_ma(more, wishes) for more in (total, total + dice.randrange(20000))
            )
            stopped = [1 for b, a in zip(before, after) if b and not a]
            assert not stopped and sum(after) >= sum(before), (total, wishes, before, after)


def test_a_newcomer_pauses_nobody():
    """Of equals the latest pauses: who comes last may take from the others, down to their least,
    and stops none of them."""
    dice = random.Random(13)
    for _ in range(5000):
        total, wishes = shares(dice)
        before = schedule.share_ma(total, wishes[:-1])
        after = schedule.share_ma(total, wishes)
        stopped = [1 for b, a in zip(before, after) if b and not a]
        risen = [1 for b, a in zip(before, after) if a > b]
        assert not stopped and not risen, (total, wishes, before, after)
