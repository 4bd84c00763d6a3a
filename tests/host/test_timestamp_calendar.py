"""Holds the calendar arithmetic against CPython's datetime, day by day."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from firmware.ocpp.timestamp import format_time, parse_time

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def test_every_day_of_eight_centuries():
    day = datetime(1600, 1, 1, 13, 14, 15, tzinfo=timezone.utc)
    while day.year < 2400:
        at = (day - EPOCH) // timedelta(seconds=1)
        text = day.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert format_time(at) == text
        assert parse_time(text) == at
        day += timedelta(days=1)


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),
    st.integers(-1439, 1439),
)
def test_any_instant_in_any_zone(naive, minutes):
    there = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    at = (there - EPOCH) // timedelta(seconds=1)
    assert parse_time(there.isoformat()) == at


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d.{0,8}"))
def test_any_text_is_a_time_or_a_value_error(text):
    try:
        assert isinstance(parse_time(text), int)
    except ValueError:
        pass
