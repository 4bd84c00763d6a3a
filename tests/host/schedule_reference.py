"""What charging profiles allow at one second, by the text of OCPP 1.6 and its errata. Slow on
purpose: every question walks through all profiles and all restarts again.

Promise: takes profiles as the CSMS sends them (JSON objects) and shares no code, no packed form
and no arithmetic with firmware/ocpp: moments are datetimes, amounts are fractions. Two evaluators
that have little in common: `own()` and `whole()` answer for one instant; `Wall` paints a whole
window, profile by profile, the lowest stack level first, so that what is on top is what counts.
Each sentence of the specification is cited where it is obeyed, each choice it leaves is marked
"read as". Boundary: what a profile means; whether a charge point takes it in is not asked here.
"""

import dataclasses
from datetime import datetime, timedelta
from fractions import Fraction

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
EVERY = {"Daily": timedelta(hours=24), "Weekly": timedelta(days=7)}  # 7.37, erratum 3.79
SECOND = timedelta(seconds=1)


@dataclasses.dataclass
class Installed:
    """A SetChargingProfile that was accepted: for which connector, when, and its profile."""

    connector: int
    profile: dict
    received: datetime

    @property
    def purpose(self):
        return self.profile["chargingProfilePurpose"]

    @property
    def level(self):
        return self.profile["stackLevel"]

    @property
    def schedule(self):
        return self.profile["chargingSchedule"]


@dataclasses.dataclass
class Site:
    volts: int = 230
    phases: int = 3


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def exact(number):
    """8.1 means eighty-one tenths, not the float beside it (7.14: one digit fraction)."""
    return Fraction(str(number))


def amps(site, schedule, period):
    """The limit of one period as current per phase.

    7.12, A: "the amount of Ampere per phase, not the sum of all phases"; erratum 3.34: the limit
    is used as it is given, whatever numberPhases says. W: "Current per phase = Power / (Line
    Voltage * Number of Phases)", 3 if absent; more phases than there are: the power as given, on
    those that can be used (3.34).
    """
    limit = exact(period["limit"])
    if schedule["chargingRateUnit"] == "A":
        return limit
    return limit / (site.volts * min(period.get("numberPhases", 3), site.phases))


def valid(profile, at):
    """3.13.2, 7.8: from validFrom, until the point "at which the profile stops to be valid"."""
    if "validFrom" in profile and at < moment(profile["validFrom"]):
        return False
    return not ("validTo" in profile and at >= moment(profile["validTo"]))


def beginning(one, begun):
    """The moment from which the schedule counts; `begun`: that of the transaction.

    7.9 Relative: "relative to a situation-specific start point (such as the start of a
    Transaction)". 7.13 startSchedule: "If absent the schedule will be relative to start of
    charging". Read as: a ChargePointMaxProfile belongs to no transaction, its situation is the
    moment in which it came.
    """
    relative = one.profile["chargingProfileKind"] == "Relative"
    if relative or "startSchedule" not in one.schedule:
        return one.received if one.purpose == MAX else begun
    return moment(one.schedule["startSchedule"])


def restarts(one, first, until):
    """Every beginning up to `until`, one by one. 7.37: "every 24 hours, at the same time as in
    the startSchedule"; read as: and not before the first, 5.16.4 tells of default behaviour
    until the startSchedule."""
    if one.profile["chargingProfileKind"] != "Recurring":
        return [first]
    found = [first]
    while found[-1] <= until:
        found.append(found[-1] + EVERY[one.profile["recurrencyKind"]])
    return found


def runs(one, begun, until):
    """(from, to or None) of every run of the schedule that begins by `until`.

    5.16.4, errata 3.43, 3.44: it lasts for its duration, without one for ever; the rest that is
    longer than the recurrence is not executed.
    """
    starts = restarts(one, beginning(one, begun), until)
    for number, start in enumerate(starts):
        ends = []
        if "duration" in one.schedule:
            ends.append(start + timedelta(seconds=one.schedule["duration"]))
        if number + 1 < len(starts):
            ends.append(starts[number + 1])
        yield start, min(ends) if ends else None


def word(one, site, at, begun):
    """What this profile says at this instant: amps per phase, or None: nothing."""
    if not valid(one.profile, at):
        return None
    for start, end in runs(one, begun, at):
        if start <= at and (end is None or at < end):
            said = None
            for period in one.schedule["chargingSchedulePeriod"]:
                # 7.14: startPeriod "also defines the stop time of the previous period"
                if start + timedelta(seconds=period["startPeriod"]) <= at:
                    said = amps(site, one.schedule, period)
            return said
    return None


def prevailing(stack, site, at, begun):
    """3.13.2: the highest stack level among those that are valid; erratum 3.43: where its
    schedule is over, the next one below."""
    for one in sorted(stack, key=lambda one: one.level, reverse=True):
        said = word(one, site, at, begun)
        if said is not None:
            return said
    return None


def defaults(profiles, connector):
    """3.13.1: "If TxDefaultProfile is set to ConnectorId 0, [it] is applicable to all", and a new
    one with ConnectorId > 0 replaces it "only for that specific connector". 3.13.2 says what is
    replaced: the one of the same stack level."""
    mine = [one for one in profiles if (one.purpose, one.connector) == (DEFAULT, connector)]
    replaced = {one.level for one in mine}
    return mine + [
        one
        for one in profiles
        if (one.purpose, one.connector) == (DEFAULT, 0) and one.level not in replaced
    ]


def own(profiles, connector, site, at, begun):
    """The limit of one connector but for what the charge point shares: amps or None.

    3.13.1: TxProfile "SHALL overrule the default charging profile". Read as: at every instant at
    which one of them says something (3.43: where nothing else is left, "as if no ChargingProfile
    is installed").
    """
    mine = [one for one in profiles if (one.purpose, one.connector) == (TX, connector)]
    said = prevailing(mine, site, at, begun)
    return said if said is not None else prevailing(defaults(profiles, connector), site, at, begun)


def whole(profiles, site, at):
    """The limit of the whole charge point (3.13.1 ChargePointMaxProfile): amps or None."""
    return prevailing([one for one in profiles if one.purpose == MAX], site, at, None)


def lowest(*limits):
    """3.13.3: the minimum of all purposes that say something."""
    said = [limit for limit in limits if limit is not None]
    return min(said) if said else None


def milliamps(limit):
    """What a charge point can set: whole mA, never more than allowed."""
    return None if limit is None else limit * 1000 // 1


def just(limit):
    return limit


class Wall:
    """A window of seconds; who paints last is what one sees. Colours: whole mA or None; with
    `ink=just` amps. `edges`: the seconds at which any profile begins or ends anything, seen or
    painted over."""

    def __init__(self, start, seconds, ink=milliamps):
        self.start, self.seconds, self.ink = start, seconds, ink
        self.colours = [None] * seconds
        self.edges = {0}

    def column(self, at):
        """The first whole second of the window that is not before this moment."""
        late = at - self.start
        if late <= timedelta(0):
            return 0
        return min(self.seconds, -(-late // SECOND))

    def stroke(self, begin, end, colour):
        left = self.column(begin)
        right = self.seconds if end is None else self.column(end)
        self.edges |= {left, right}
        if right > left:
            self.colours[left:right] = [self.ink(colour)] * (right - left)

    def profile(self, one, site, begun):
        """The periods of every run, each up to the next or to the end of the run; what lies
        outside of the validity is left as it was."""
        before = list(self.colours)
        until = self.start + timedelta(seconds=self.seconds)
        for start, end in runs(one, begun, until):
            if start >= until:
                continue
            periods = one.schedule["chargingSchedulePeriod"]
            for period in periods:
                begin = start + timedelta(seconds=period["startPeriod"])
                if end is None or begin < end:
                    self.stroke(begin, end, amps(site, one.schedule, period))
        first, last = 0, self.seconds
        if "validFrom" in one.profile:
            first = self.column(moment(one.profile["validFrom"]))
        if "validTo" in one.profile:
            last = max(first, self.column(moment(one.profile["validTo"])))
        self.edges |= {first, last}
        self.colours[:first] = before[:first]
        self.colours[last:] = before[last:]

    def own(self, profiles, connector, site, begun):
        mine = [one for one in profiles if (one.purpose, one.connector) == (TX, connector)]
        for stack in (defaults(profiles, connector), mine):
            for one in sorted(stack, key=lambda one: one.level):
                self.profile(one, site, begun)
        return self.colours

    def whole(self, profiles, site):
        for one in sorted(profiles, key=lambda one: one.level):
            if one.purpose == MAX:
                self.profile(one, site, None)
        return self.colours


def composite(profiles, legs, site, start, seconds, connector):
    """The Composite Schedule of one connector or of the charge point (0): for every second, amps
    per phase. `legs`: (connector, begin of its transaction, amps its wiring carries).

    3.13.3: the minimum of the purposes; ChargePointMaxProfile "is the limit for all connectors
    combined". 5.7: for 0 "the total expected power or current the Charge Point expects to consume
    from the grid".
    """
    shared = Wall(start, seconds, just).whole(profiles, site)
    walls = [
        (Wall(start, seconds, just).own(profiles, number, site, begun), most)
        for number, begun, most in legs
    ]
    known = {}
    found = []
    for colours in zip(shared, *[wall for wall, _ in walls]):
        key = tuple(map(id, colours))
        if key not in known:
            each = [lowest(most, own) for own, (_, most) in zip(colours[1:], walls)]
            known[key] = lowest(sum(each) if connector == 0 else each[0], colours[0])
        found.append(known[key])
    return found
