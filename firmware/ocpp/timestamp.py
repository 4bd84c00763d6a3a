"""dateTime text to UTC seconds (Unix epoch) and back.

Integer arithmetic only. No clock: `time` differs in epoch between the ports.
"""


def _digits(text: str, start: int, count: int) -> int:
    value = 0
    for i in range(start, start + count):
        c = text[i : i + 1]
        # Not isdigit(): that takes other scripts. Not int(): that takes signs and blanks.
        if not c or not "0" <= c <= "9":
            raise ValueError("dateTime: digit expected")
        value = value * 10 + ord(c) - 48
    return value


def _days_from_civil(year: int, month: int, day: int) -> int:
    # The year begins in March here, so that the leap day is its last day.
    if month <= 2:
        year -= 1
        month += 12
    return (
        365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day
    ) - 719469


def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _skip_fraction(text: str, i: int) -> int:
    if text[i : i + 1] != ".":
        return i
    _digits(text, i + 1, 1)
    i += 2
    while i < len(text) and "0" <= text[i] <= "9":
        i += 1
    return i


def _offset_s(text: str) -> int:
    # OCPP 1.6 erratum 3.10: receivers handle offsets. No offset is legal ISO 8601 and common
    # in the field (datetime.utcnow().isoformat()); OCPP 1.6 §3.13 recommends UTC: read as UTC.
    if text in ("", "Z", "z"):
        return 0
    if len(text) != 6 or text[0] not in "+-" or text[3] != ":":
        raise ValueError("dateTime: bad offset")
    hour = _digits(text, 1, 2)
    minute = _digits(text, 4, 2)
    if hour > 23 or minute > 59:
        raise ValueError("dateTime: bad offset")
    return (hour * 3600 + minute * 60) * (-1 if text[0] == "-" else 1)


def parse_time(text: str) -> int:
    """UTC seconds of an RFC 3339 text, fractions cut off; ValueError when it is none."""
    if text[4:5] != "-" or text[7:8] != "-" or text[13:14] != ":" or text[16:17] != ":":
        raise ValueError("dateTime: bad form")
    if text[10:11] not in ("T", "t"):
        raise ValueError("dateTime: bad form")
    year = _digits(text, 0, 4)
    month = _digits(text, 5, 2)
    day = _digits(text, 8, 2)
    hour = _digits(text, 11, 2)
    minute = _digits(text, 14, 2)
    second = _digits(text, 17, 2)
    if not 1 <= month <= 12 or not 1 <= day <= _days_in_month(year, month):
        raise ValueError("dateTime: no such day")
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("dateTime: no such time")
    at = _days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    at -= _offset_s(text[_skip_fraction(text, 19) :])
    # RFC 3339 §5.7: a leap second is the last second of a UTC day. Read as the one after it.
    if second == 60 and at % 86400 != 0:
        raise ValueError("dateTime: no such time")
    return at


def format_time(at: int) -> str:
    """UTC seconds as YYYY-MM-DDTHH:MM:SSZ; ValueError outside the years 0000 to 9999."""
    days = at // 86400 + 719468
    second = at % 86400
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    year += era * 400 + (1 if month <= 2 else 0)
    if not 0 <= year <= 9999:
        raise ValueError("year outside 0000..9999")
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (
        year, month, day, second // 3600, second // 60 % 60, second % 60
    )
