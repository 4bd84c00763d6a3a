"""Charging profiles: what is the limit now, and for how long does it stay.  Pure arithmetic: the
time it takes depends on the number of profiles, not on how far away anything is.

`profiles` is a list of packed profiles (firmware/ocpp/profile.py).  `at` is UTC in seconds, None
while the clock was never set; `elapsed_s` seconds since the transaction began (of a connector
without one: 0, what a transaction that begins now would get).  Currents are mA per phase.
`left_s` is never less than 1: at + left_s is the first second at which the answer may be another;
NEVER when there is none.  Every rule here:

- A profile has its say from validFrom (included) to validTo (not included), and in there from the
  beginning of its schedule for its duration; without one the last period never ends.  Periods
  that start at or after the duration are never executed (5.16.4).
- Absolute and recurring schedules begin at startSchedule; before it they have no say.  Recurring
  ones restart every 24 h or 7 d from there (erratum 3.79), their duration is cut by that.
- Relative schedules, and all without startSchedule (7.13), begin when the transaction does; of a
  relative schedule a startSchedule is ignored; a recurring one without recurs from there.
- A ChargePointMaxProfile has no transaction: without startSchedule (the room gives it the moment
  it came) it counts always, with its lowest limit.
- Within a purpose the highest stack level that has a say at that second wins (3.13.2); so where
  it has none, a lower level is used (erratum 3.43).
- TxDefaultProfile: those of the connector and those of connector 0 are one stack; on the same
  level that of the connector replaces the other for this connector (3.13.1), also while it has
  no say itself (3.13.2, first note).
- TxProfile overrules TxDefaultProfile at every second at which one of them has a say.
- Clock unknown: what begins with the transaction works, unless it has validFrom or validTo.
  Whatever names a moment has no say, except a ChargePointMaxProfile: the lowest limit of all its
  periods that can ever be executed counts.
- A: the limit is per phase, whatever numberPhases says (erratum 3.34).  W: the power is divided
  by the nominal voltage and by min(numberPhases, phases of the board), rounded down (erratum
  3.69); numberPhases is 3 where it is not given.
"""

from micropython import const

from firmware.ocpp import profile as packed

NEVER = const(0x3FFFFFFF)  # seconds: 34 years, the greatest small integer of a 32-bit board

_LEAST_MA = const(6000)  # IEC 61851-1 A.5.2: no offer below 6 A
_DAY_S = const(86400)
_WEEK_S = const(604800)


class Supply:
    """What is behind the socket: the nominal voltage and the phases of the board."""

    def __init__(self, nominal_v: int, phases: int):
        self.nominal_v = nominal_v
        self.phases = phases


# --- the limits ---------------------------------------------------------------------------------


def own_ma(profiles, connector: int, at, elapsed_s: int, supply) -> tuple:
    """(mA or None, left_s): what TxProfile and TxDefaultProfile leave the connector. None: they
    say nothing. The caller keeps only the TxProfiles of the running transaction in the list."""
    profile, offset, left_s = own(profiles, connector, at, elapsed_s)
    return None if profile is None else current_ma(profile, offset, supply), left_s


def whole_ma(profiles, at, supply) -> tuple:
    """(mA or None, left_s): what ChargePointMaxProfile leaves the whole charge point."""
    profile, offset, left_s = whole(profiles, at, supply)
    return None if profile is None else current_ma(profile, offset, supply), left_s


def share_ma(total_ma, wishes) -> list:
    """Shares in mA of `total_ma` (None: no bound); never more than it in sum.

    `wishes`: (most_ma, least_ma) of every running transaction, in the order in which they began.
    Whoever's most is below 6 A pauses (0) and leaves all to the others. The least of one is never
    below 6 A and never above its own most. In that order each is admitted whose least still fits
    beside the least of those before; who does not fit pauses: of equals the latest. The rest is
    shared by water-filling: one level for all, held between the least and the most of each: the
    highest whole mA whose sum is within the total."""
    admitted = []
    left_ma = total_ma
    for most_ma, least_ma in wishes:
        least_ma = max(_LEAST_MA, min(least_ma, most_ma))
        fits = most_ma >= _LEAST_MA and (left_ma is None or least_ma <= left_ma)
        admitted.append((most_ma, least_ma) if fits else (0, 0))
        if fits and left_ma is not None:
            left_ma -= least_ma
    low, high = 0, max([most_ma for most_ma, _ in admitted] + [0])
    while low < high:
        level_ma = (low + high + 1) // 2
        if total_ma is None or _filled(admitted, level_ma) <= total_ma:
            low = level_ma
        else:
            high = level_ma - 1
    return [min(most_ma, max(least_ma, low)) for most_ma, least_ma in admitted]


def _filled(wishes, level_ma: int) -> int:
    return sum([min(most_ma, max(least_ma, level_ma)) for most_ma, least_ma in wishes])


# --- which period of which profile --------------------------------------------------------------


def own(profiles, connector: int, at, elapsed_s: int) -> tuple:
    """(profile, offset of its period, left_s) behind own_ma(); (None, -1, left_s) for none."""
    found = _prevailing(profiles, packed.TX, connector, at, elapsed_s)
    if found[0] is not None:
        return found
    profile, offset, left_s = _prevailing(profiles, packed.DEFAULT, connector, at, elapsed_s)
    return profile, offset, min(left_s, found[2])


def whole(profiles, at, supply) -> tuple:
    """As own(), behind whole_ma()."""
    if at is not None:
        profile, offset, left_s = _prevailing(profiles, packed.MAX, 0, at, 0)
        if profile is not None and packed.head(profile)[9] == packed.START:
            offset = _lowest(profile, supply)
        return profile, offset, left_s
    found, lowest = None, -1
    for profile in profiles:
        if packed.purpose(profile) == packed.MAX:
            offset = _lowest(profile, supply)
            ma = current_ma(profile, offset, supply)
            if found is None or ma < current_ma(found, lowest, supply):
                found, lowest = profile, offset
    return found, lowest, NEVER


def _prevailing(profiles, purpose: int, connector: int, at, elapsed_s: int) -> tuple:
    won, offset, left_s, best = None, -1, NEVER, -1
    silent = []  # (level, left_s) of those that have no say now
    stack = [p for p in profiles if packed.purpose(p) == purpose]
    mine = [packed.level(p) for p in stack if connector and packed.connector(p) == connector]
    for profile in stack:
        meant, level = packed.connector(profile), packed.level(profile)
        if level < best or (meant != connector if meant else level in mine):
            continue
        found, until_s = say(profile, at, elapsed_s)
        if found < 0:
            silent.append((level, until_s))
        else:
            won, offset, left_s, best = profile, found, until_s, level
    for level, until_s in silent:
        if level > best:  # it may take over before the winner's own period ends
            left_s = min(left_s, until_s)
    return won, offset, left_s


def say(profile: bytes, at, elapsed_s: int) -> tuple:
    """(offset of the period that is executed, left_s); offset -1: this profile has no say."""
    head = packed.head(profile)
    kind, valid_from, valid_to, start = head[3], head[7], head[8], head[9]
    left_s = NEVER
    if valid_from != packed.FROM or valid_to != packed.TO:
        if at is None or at >= valid_to:
            return -1, NEVER
        if at < valid_from:
            return -1, min(valid_from - at, NEVER)
        left_s = min(valid_to - at, NEVER)
    if kind == packed.RELATIVE or start == packed.START:
        phase_s = elapsed_s
    elif at is None:
        return -1, NEVER
    else:
        phase_s = at - start
    if phase_s < 0:
        return -1, min(-phase_s, left_s)
    span_s = _span_s(kind)
    end_s = _end_s(head)
    if span_s:
        phase_s %= span_s
    if end_s is not None and phase_s >= end_s:
        return -1, min(span_s - phase_s, left_s) if span_s else NEVER
    return _period(profile, phase_s, end_s, left_s)


def _period(profile: bytes, phase_s: int, end_s, left_s: int) -> tuple:
    """The last period that has begun at `phase_s`; it lasts to the next one or to `end_s`."""
    offset = packed.FIRST
    after = offset + packed.STEP
    while after < len(profile):
        start_s = packed.period(profile, after)[0]
        if start_s > phase_s:
            if end_s is None or start_s < end_s:
                end_s = start_s
            break
        offset = after
        after += packed.STEP
    return offset, left_s if end_s is None else min(end_s - phase_s, left_s)


def _lowest(profile: bytes, supply) -> int:
    """The period with the lowest limit of those that can ever be executed."""
    end_s = _end_s(packed.head(profile))
    lowest = packed.FIRST
    for offset in range(packed.FIRST, len(profile), packed.STEP):
        if end_s is not None and packed.period(profile, offset)[0] >= end_s:
            break
        if current_ma(profile, offset, supply) < current_ma(profile, lowest, supply):
            lowest = offset
    return lowest


def _span_s(kind: int) -> int:
    """From one beginning to the next; 0: there is only one."""
    return _DAY_S if kind == packed.DAILY else _WEEK_S if kind == packed.WEEKLY else 0


def _end_s(head: tuple):
    """When the schedule ends, in seconds from its beginning; None: never."""
    span_s, duration_s = _span_s(head[3]), head[10]
    if not duration_s:
        return span_s or None
    return min(duration_s, span_s) if span_s else duration_s


# --- units --------------------------------------------------------------------------------------


def current_ma(profile: bytes, offset: int, supply) -> int:
    """The limit of the period at `offset`, per phase."""
    _, limit, phases = packed.period(profile, offset)
    return _ma(packed.unit(profile), limit, phases, supply)


def least_ma(profile: bytes, offset: int, supply) -> int:
    """minChargingRate of the schedule, per phase; 0 when it has none."""
    phases = packed.period(profile, offset)[2]
    return _ma(packed.unit(profile), packed.head(profile)[11], phases, supply)


def _ma(unit: int, tenths: int, phases: int, supply) -> int:
    if unit == packed.AMPERE:
        return tenths * 100
    return tenths * 100 // (supply.nominal_v * min(phases, supply.phases))


def tenths(profile: bytes, offset: int, unit: int, supply) -> tuple:
    """(limit in tenths of `unit`, phases it is meant for) of the period at `offset`. Watts are
    the power of all phases together (erratum 3.69)."""
    _, limit, phases = packed.period(profile, offset)
    phases = min(phases, supply.phases)
    if unit != packed.unit(profile):
        if unit == packed.WATT:
            limit *= supply.nominal_v * phases
        else:
            limit //= supply.nominal_v * phases
    return limit, phases
