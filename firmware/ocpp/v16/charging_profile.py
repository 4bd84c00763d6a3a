"""A ChargingProfile of the wire (7.8), already held against the field table, as a packed one.

ValueError says why it cannot be obeyed: the answer is then Rejected and nothing has changed.
"""

from micropython import const

from firmware.ocpp import profile as packed
from firmware.ocpp.schedule import NEVER
from firmware.ocpp.timestamp import parse_time

_PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
_KINDS = ("Absolute", "Daily", "Weekly", "Relative")
UNITS = ("A", "W")
ALLOWED = ("Current", "Power")  # erratum 3.88: what the two are called in the configuration
_PHASES = const(3)
_MOST = const(0xFFFFFFFF)  # of a packed number; a limit beyond 429 MW or MA is this one


def purpose(word: str) -> int:
    return _PURPOSES.index(word)


class Bounds:
    """What this station takes: the keys of chapter 9.4."""

    def __init__(self, settings):
        self.level = settings.number("ChargeProfileMaxStackLevel")
        self.periods = settings.number("ChargingScheduleMaxPeriods")
        self.units = settings.text("ChargingScheduleAllowedChargingRateUnit").split(",")

    def unit(self, word) -> int:
        """Of a request; the first one we take where it names none."""
        return ALLOWED.index(self.units[0]) if word is None else UNITS.index(word)


def pack(wire: dict, connector: int, at, bounds: Bounds) -> bytes:
    """`at`: UTC seconds of its arrival, None while unknown."""
    schedule = wire["chargingSchedule"]
    unit = UNITS.index(schedule["chargingRateUnit"])
    if ALLOWED[unit] not in bounds.units:
        raise ValueError("chargingRateUnit not allowed here")
    if not 0 <= wire["stackLevel"] <= bounds.level:
        raise ValueError("stackLevel out of bounds")
    kind = _kind(wire)
    meant = purpose(wire["chargingProfilePurpose"])
    valid_from = _time(wire, "validFrom", packed.FROM)
    valid_to = _time(wire, "validTo", packed.TO)
    if valid_to <= valid_from:
        raise ValueError("validTo is not after validFrom")
    periods = _periods(schedule["chargingSchedulePeriod"], bounds.periods)
    duration_s = _duration_s(schedule)
    least = _tenths(schedule.get("minChargingRate", 0))
    start = _time(schedule, "startSchedule", packed.START)
    if kind == packed.RELATIVE:
        start = packed.START
    if meant == packed.MAX and start == packed.START and at is not None:
        # The whole has no transaction to count from: the moment of its arrival. Where that makes
        # no difference it is left out, so that the same profile said again is the same bytes.
        kind = packed.ABSOLUTE if kind == packed.RELATIVE else kind
        start = 0 if len(periods) == 1 and not duration_s else at
    head = (connector, meant, wire["stackLevel"], kind, unit, wire["chargingProfileId"], 0)
    return packed.pack(head + (valid_from, valid_to, start, duration_s, least), periods)


def _kind(wire: dict) -> int:
    kind = wire["chargingProfileKind"]
    if kind == "Recurring":
        kind = wire.get("recurrencyKind")
        if kind is None:
            raise ValueError("Recurring without recurrencyKind")
    return _KINDS.index(kind)  # erratum 3.56: of the other kinds recurrencyKind says nothing


def _periods(wire: list, most: int) -> list:
    if len(wire) > most:
        raise ValueError("too many periods")
    periods = []
    before_s = -1
    for item in wire:
        start_s = item["startPeriod"]
        if start_s <= before_s or start_s > NEVER or (before_s < 0 and start_s):
            raise ValueError("startPeriod: not from 0, not rising, or too far away")
        phases = item.get("numberPhases", _PHASES)
        if phases < 1:
            raise ValueError("numberPhases below 1")
        # Erratum 3.34: more phases than there are change nothing.
        periods.append((start_s, _tenths(item["limit"]), min(phases, _PHASES)))
        before_s = start_s
    return periods


def _tenths(value) -> int:
    if value < 0:
        raise ValueError("a negative rate")
    if value >= _MOST // 10:
        return _MOST
    return value * 10 if isinstance(value, int) else int(value * 10 + 0.5)


def _duration_s(schedule: dict) -> int:
    """0: it has none; longer than anything that will be is none too."""
    duration_s = schedule.get("duration")
    if duration_s is None or duration_s > _MOST:
        return 0
    if duration_s <= 0:
        raise ValueError("duration is not above 0")
    return duration_s


def _time(wire: dict, key: str, missing: int) -> int:
    text = wire.get(key)
    return missing if text is None else parse_time(text)
