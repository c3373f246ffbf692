"""When a room, a follow-up and a due item fall due, at the edges of the day and of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.visits.model.due import age_on, due, months_after
from services.visits.model.times import check_in_opens, follow_up_due, room_due
from shared.practice.model import DueRule

PACIFIC, MOUNTAIN = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/Denver")
FLU = DueRule(
    code="flu-shot", name="Flu shot", order="flu-shot", months=12, youngest=1, oldest=120, why="Yearly.", source="ACIP"
)


def local(text: str, zone: ZoneInfo = PACIFIC) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("ended", "owed"),
    [
        ("2027-05-01T00:00:00", "2027-05-01T21:30:00"),
        ("2027-05-01T10:15:00", "2027-05-01T21:30:00"),
        ("2027-05-01T19:29:59.999999", "2027-05-01T21:30:00"),
        ("2027-05-01T19:30:00", "2027-05-01T21:30:00"),
        ("2027-05-01T19:30:00.000001", "2027-05-02T12:00:00"),
        ("2027-05-01T23:59:59", "2027-05-02T12:00:00"),
        ("2027-12-31T22:00:00", "2028-01-01T12:00:00"),
        # Daylight saving begins on 14 March 2027 at 2:00 and ends on 7 November 2027 at 2:00.
        ("2027-03-13T20:00:00", "2027-03-14T12:00:00"),
        ("2027-03-14T01:59:59", "2027-03-14T21:30:00"),
        ("2027-03-14T03:00:00", "2027-03-14T21:30:00"),
        ("2027-11-06T20:00:00", "2027-11-07T12:00:00"),
        ("2027-11-07T01:30:00", "2027-11-07T21:30:00"),
    ],
)
def test_the_follow_up_is_owed_that_evening_or_at_noon_of_the_next_day(ended: str, owed: str) -> None:
    assert follow_up_due(local(ended), PACIFIC) == local(owed)


def test_the_hour_that_the_clock_shows_twice_belongs_to_the_same_evening() -> None:
    first = local("2027-11-07T01:30:00")
    assert follow_up_due(first + timedelta(hours=1), PACIFIC) == follow_up_due(first, PACIFIC)


def test_the_evening_is_that_of_the_zone() -> None:
    ended = local("2027-05-01T19:00:00", PACIFIC)
    assert follow_up_due(ended, PACIFIC) == local("2027-05-01T21:30:00", PACIFIC)
    assert follow_up_due(ended, MOUNTAIN) == local("2027-05-02T12:00:00", MOUNTAIN)


@given(
    st.integers(0, 10 * 365 * 86400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
)
def test_a_follow_up_always_leaves_two_hours_and_never_takes_a_day(ended: datetime) -> None:
    owed = follow_up_due(ended, PACIFIC)
    assert timedelta(hours=2) <= owed - ended <= timedelta(hours=22, minutes=30)
    assert owed.tzinfo is UTC
    assert owed.astimezone(PACIFIC).strftime("%H:%M") in {"21:30", "12:00"}


def test_who_comes_early_waits_for_the_visit_and_who_comes_late_does_not() -> None:
    start = local("2027-05-01T10:00:00")
    assert room_due(start, start - timedelta(minutes=20)) == start + timedelta(minutes=10)
    assert room_due(start, start + timedelta(minutes=5)) == start + timedelta(minutes=15)
    assert check_in_opens(start) == start - timedelta(minutes=30)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 12, 15), 12, date(2028, 12, 15)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 10, 31), 1200, date(2127, 10, 31)),
    ],
)
def test_months_end_where_the_calendar_says(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_a_birthday_counts_from_its_own_day() -> None:
    assert age_on(date(2027, 6, 14), date(1984, 6, 15)) == 42
    assert age_on(date(2027, 6, 15), date(1984, 6, 15)) == 43
    assert age_on(date(2027, 2, 28), date(2004, 2, 29)) == 22


@pytest.mark.parametrize(
    ("last", "is_due"),
    [(None, True), (date(2026, 5, 1), True), (date(2026, 5, 2), False), (date(2020, 1, 1), True)],
)
def test_a_rule_asks_again_when_its_months_are_over(last: date | None, is_due: bool) -> None:
    done = {"flu-shot": last} if last else {}
    found = list(due([FLU], born=date(1984, 6, 15), today=date(2027, 5, 1), done=done))
    assert found == ([(FLU, last)] if is_due else [])


def test_a_rule_asks_only_within_its_ages() -> None:
    rule = DueRule(code="a", name="A", order="a", months=1, youngest=45, oldest=75, why="w", source="s")
    ages = [
        age for age in range(40, 80) if list(due([rule], born=date(2027 - age, 1, 1), today=date(2027, 6, 1), done={}))
    ]
    assert ages == list(range(45, 76))
