"""GetCompositeSchedule: what is allowed from now on, where profiles of all kinds cut each other.

Worked out change by change, a few of them on each beat: hundreds may lie behind each other with
nothing to tell between them, and nobody waits for a contactor meanwhile.
"""

from micropython import const

from firmware.ocpp import profile as packed
from firmware.ocpp import schedule
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16.charging_profile import UNITS

_SLICE = const(4)  # instants looked at on one beat
_STEPS = const(500)  # and in all: what lies behind them is cut off
_PHASES = const(3)


class Composite:
    """The sum of `legs`, (number, elapsed_s, most_ma) of the connectors that count, under the
    ChargePointMaxProfile. `unit`: see ocpp/profile.py. A list of profiles is never changed, it
    is replaced: what is told is of the moment it was asked for."""

    def __init__(self, profiles, legs, at: int, duration_s: int, unit: int, supply):
        self._profiles = profiles
        self._legs = legs
        self._at = at
        self._duration_s = duration_s
        self._unit = unit
        self._supply = supply
        self._steps = 0
        self._s = 0  # seconds from `at` that are worked out
        self._periods = []  # (start_s, tenths, phases)

    def step(self, most: int) -> bool:
        """Go on for a beat; True when it is done: `most` periods at most."""
        for _ in range(_SLICE):
            if self._s >= self._duration_s:
                return True
            tenths, phases, left_s = self._allowed()
            if not self._periods or self._periods[-1][1:] != (tenths, phases):
                if len(self._periods) == most:
                    self._duration_s = self._s
                    return True
                self._periods.append((self._s, tenths, phases))
            self._s += left_s
            self._steps += 1
            if self._steps == _STEPS and self._s < self._duration_s:
                self._duration_s = self._s
        return self._s >= self._duration_s

    def answer(self, number: int) -> dict:
        periods = []
        for start_s, tenths, phases in self._periods:
            limit = tenths / 10 if tenths % 10 else tenths // 10
            period = {"startPeriod": start_s, "limit": limit}
            if phases != _PHASES:  # 7.14: three where it is not said
                period["numberPhases"] = phases
            periods.append(period)
        return {
            "status": "Accepted",
            "connectorId": number,
            "scheduleStart": format_time(self._at),
            # erratum 3.57: no startSchedule in here
            "chargingSchedule": {
                "duration": self._duration_s,
                "chargingRateUnit": UNITS[self._unit],
                "chargingSchedulePeriod": periods,
            },
        }

    def _allowed(self) -> tuple:
        """(limit in tenths of the unit, phases, left_s) at this second."""
        at = self._at + self._s
        supply = self._supply
        total, phases, left_s = 0, 0, schedule.NEVER
        for number, elapsed_s, most_ma in self._legs:
            profile, offset, until_s = schedule.own(
                self._profiles, number, at, elapsed_s + self._s
            )
            limit = self._lower((self._most(most_ma), supply.phases), profile, offset)
            total += limit[0]
            # Where they differ nobody can say of which phases the sum is.
            phases = limit[1] if phases in (0, limit[1]) else supply.phases
            left_s = min(left_s, until_s)
        profile, offset, until_s = schedule.whole(self._profiles, at, supply)
        total, phases = self._lower((total, phases), profile, offset)
        return total, phases, min(left_s, until_s)

    def _lower(self, limit: tuple, profile, offset: int) -> tuple:
        if profile is None:
            return limit
        other = schedule.tenths(profile, offset, self._unit, self._supply)
        if self._unit == packed.AMPERE:
            return min(limit[0], other[0]), min(limit[1], other[1])
        # What is obeyed is the lower current; at the fewest phases it is below both powers too.
        phases = min(limit[1], other[1])
        if other[0] * limit[1] < limit[0] * other[1]:
            limit = other
        return limit[0] * phases // limit[1], phases

    def _most(self, ma: int) -> int:
        if self._unit == packed.AMPERE:
            return ma // 100
        return ma * self._supply.nominal_v * self._supply.phases // 100
