"""One charging profile in one bytes object: a head, then 9 bytes a period.

24 periods are 268 bytes, in memory and in the file; as parsed JSON they are ten times that.
"""

import struct

from micropython import const

# purposes
MAX = const(0)  # ChargePointMaxProfile
DEFAULT = const(1)  # TxDefaultProfile
TX = const(2)  # TxProfile
# kinds
ABSOLUTE = const(0)
DAILY = const(1)
WEEKLY = const(2)
RELATIVE = const(3)
# units
AMPERE = const(0)
WATT = const(1)

FROM = const(-0x8000000000000000)  # no validFrom
TO = const(0x7FFFFFFFFFFFFFFF)  # no validTo
START = FROM  # no startSchedule

_HEAD = "<BBBBBqqqqqII"  # connector .. unit, id, number, from, to, start, duration, least
_PERIOD = "<IIB"  # start, limit, phases
FIRST = const(53)  # where the periods begin
STEP = const(9)


def pack(head, periods) -> bytes:
    """`head`: as head() returns it; `periods`: (start_s, limit, phases), limits in tenths."""
    profile = bytearray(FIRST + STEP * len(periods))
    struct.pack_into(_HEAD, profile, 0, *head)
    offset = FIRST
    for period in periods:
        struct.pack_into(_PERIOD, profile, offset, *period)
        offset += STEP
    return bytes(profile)


def head(profile: bytes) -> tuple:
    """(connector, purpose, level, kind, unit, id, number, valid_from, valid_to, start, duration_s,
    least): `number` is our transaction of a TxProfile, else 0; `duration_s` 0: none; `least`:
    minChargingRate in tenths of the unit."""
    return struct.unpack_from(_HEAD, profile, 0)


def checked(profile: bytes) -> bytes:
    """The same; ValueError when it cannot be one."""
    size = len(profile) - FIRST
    if size < STEP or size % STEP or profile[1] > TX or profile[3] > RELATIVE or profile[4] > WATT:
        raise ValueError("not a charging profile")
    return profile


def with_number(profile: bytes, number: int) -> bytes:
    """The same for our transaction `number`."""
    fields = list(head(profile))
    fields[6] = number
    changed = bytearray(profile)
    struct.pack_into(_HEAD, changed, 0, *fields)
    return bytes(changed)


def period(profile: bytes, offset: int) -> tuple:
    """(start_s, limit, phases) of the period at `offset`."""
    return struct.unpack_from(_PERIOD, profile, offset)


def connector(profile: bytes) -> int:
    return profile[0]


def purpose(profile: bytes) -> int:
    return profile[1]


def level(profile: bytes) -> int:
    return profile[2]


def unit(profile: bytes) -> int:
    return profile[4]
