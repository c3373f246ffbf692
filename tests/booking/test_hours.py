from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.booking.model.hours import Stretch, joined, open_stretches
from shared.weekly import moment
from tests.booking.people import OAKLAND, PACIFIC, pacific, weekly

SPRING = date(2027, 3, 14)
AUTUMN = date(2026, 11, 1)


def test_hours_follow_the_office_clock_through_winter_and_summer() -> None:
    assert moment(date(2027, 1, 5), "09:00", PACIFIC) == datetime(2027, 1, 5, 17, tzinfo=UTC)
    assert moment(date(2027, 7, 5), "09:00", PACIFIC) == datetime(2027, 7, 5, 16, tzinfo=UTC)


def test_midnight_of_the_end_is_the_beginning_of_the_next_day() -> None:
    assert moment(date(2026, 12, 31), "24:00", PACIFIC) == pacific("2027-01-01T00:00")


@pytest.mark.parametrize("clock", ["02:00", "02:01", "02:30", "02:59", "03:00"])
def test_a_time_that_spring_skips_is_the_moment_of_the_skip(clock: str) -> None:
    assert moment(SPRING, clock, PACIFIC) == datetime(2027, 3, 14, 10, tzinfo=UTC)


def test_a_time_that_autumn_shows_twice_is_the_first() -> None:
    assert moment(AUTUMN, "01:30", PACIFIC) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(("day", "length"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 12, 1), 24)])
def test_an_open_day_is_as_long_as_the_day_is(day: date, length: int) -> None:
    assert open_stretches(weekly(OAKLAND, "00:00", "24:00"), PACIFIC, day, day) == [
        Stretch(moment(day, "00:00", PACIFIC), moment(day, "00:00", PACIFIC) + timedelta(hours=length))
    ]


def test_a_night_shift_is_one_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    hours = weekly(OAKLAND, "00:00", "08:00")
    (spring,) = open_stretches(hours, PACIFIC, SPRING, SPRING)
    (autumn,) = open_stretches(hours, PACIFIC, AUTUMN, AUTUMN)
    assert spring.end - spring.start == timedelta(hours=7)
    assert autumn.end - autumn.start == timedelta(hours=9)


def test_hours_around_the_clock_are_one_stretch() -> None:
    stretches = open_stretches(weekly(OAKLAND, "00:00", "24:00"), PACIFIC, date(2026, 12, 1), date(2026, 12, 14))
    assert stretches == [Stretch(pacific("2026-12-01T00:00"), pacific("2026-12-15T00:00"))]


def test_days_without_hours_are_closed() -> None:
    weekdays = weekly(OAKLAND, "09:00", "17:00", range(1, 6))
    saturday = date(2026, 12, 5)
    assert open_stretches(weekdays, PACIFIC, saturday, saturday + timedelta(days=1)) == []


def test_the_zone_of_the_office_counts_not_ours() -> None:
    (denver,) = open_stretches(
        weekly(OAKLAND, "09:00", "10:00"), ZoneInfo("America/Denver"), date(2026, 12, 1), date(2026, 12, 1)
    )
    assert denver.start == datetime(2026, 12, 1, 16, tzinfo=UTC)


def test_overlapping_hours_are_not_counted_twice() -> None:
    day = date(2026, 12, 1)
    at = [moment(day, f"{hour:02}:00", PACIFIC) for hour in range(12)]
    assert joined([Stretch(at[1], at[5]), Stretch(at[2], at[3]), Stretch(at[4], at[6]), Stretch(at[8], at[9])]) == [
        Stretch(at[1], at[6]),
        Stretch(at[8], at[9]),
    ]
