"""Time in certificates (RFC 5280 §4.1.2.5): UTCTime and GeneralizedTime to UTC seconds.

Only the form RFC 5280 leaves: seconds given, Z at the end, no fraction. ValueError for any other.
Integer arithmetic, no clock; the Unix epoch, as everywhere above hal.
"""

from firmware.crypto import der


def read(reader) -> int:
    """The UTC seconds of the next value."""
    if reader.peek() == der.UTC_TIME:
        text = reader.take(der.UTC_TIME)
        year = _digits(text, 0, 2)
        year += 1900 if year >= 50 else 2000
        rest = text[2:]
    else:
        text = reader.take(der.GENERALIZED_TIME)
        year = _digits(text, 0, 4)
        rest = text[4:]
    if len(rest) != 11 or rest[10] != 0x5A:
        raise ValueError("time: seconds and Z belong there")
    month, day, hour, minute, second = [_digits(rest, at, 2) for at in range(0, 10, 2)]
    if not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
        raise ValueError("time: no such day")
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("time: no such time")
    return _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second


def _digits(text, start: int, count: int) -> int:
    value = 0
    for at in range(start, start + count):
        if at >= len(text) or not 0x30 <= text[at] <= 0x39:
            raise ValueError("time: digit expected")
        value = value * 10 + text[at] - 0x30
    return value


def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01."""
    # The year begins in March here, so that the leap day is its last day.
    if month <= 2:
        year -= 1
        month += 12
    of_year = (153 * (month - 3) + 2) // 5 + day
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719469
