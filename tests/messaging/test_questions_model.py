"""Until when a question is to be answered, across nights, weekends and clocks that are set forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.messaging.model.questions import answer_due
from shared.practice.model import SupportHours

PACIFIC, EASTERN = "America/Los_Angeles", "America/New_York"
WORKDAYS, EVERY_DAY = [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7]


def hours(opens: str, closes: str, weekdays: list[int] = WORKDAYS, zone: str = PACIFIC) -> SupportHours:
    return SupportHours(weekdays=weekdays, opens=opens, closes=closes, time_zone=zone)


OFFICE = [hours("09:00", "17:00")]
ROUND_THE_CLOCK = [hours("00:00", "24:00", EVERY_DAY)]
NIGHT = [hours("22:00", "24:00", EVERY_DAY), hours("00:00", "02:30", EVERY_DAY)]
COASTS = [hours("09:00", "12:00"), hours("09:00", "12:00", WORKDAYS, EASTERN)]


@pytest.mark.parametrize(
    ("open_at", "asked", "due"),
    [
        (OFFICE, "2027-05-05T10:00-07:00", "2027-05-05T11:00-07:00"),
        (OFFICE, "2027-05-05T16:00-07:00", "2027-05-05T17:00-07:00"),
        (OFFICE, "2027-05-05T16:20-07:00", "2027-05-06T09:20-07:00"),
        (OFFICE, "2027-05-05T17:00-07:00", "2027-05-06T10:00-07:00"),
        (OFFICE, "2027-05-05T03:00-07:00", "2027-05-05T10:00-07:00"),
        (OFFICE, "2027-05-07T16:45-07:00", "2027-05-10T09:45-07:00"),
        (OFFICE, "2027-05-08T12:00-07:00", "2027-05-10T10:00-07:00"),
        (OFFICE, "2027-03-12T16:45-08:00", "2027-03-15T09:45-07:00"),
        (OFFICE, "2026-10-30T16:45-07:00", "2026-11-02T09:45-08:00"),
        (ROUND_THE_CLOCK, "2027-05-05T23:59-07:00", "2027-05-06T00:59-07:00"),
        (ROUND_THE_CLOCK, "2027-03-14T01:30-08:00", "2027-03-14T03:30-07:00"),
        (ROUND_THE_CLOCK, "2026-11-01T01:30-07:00", "2026-11-01T01:30-08:00"),
        (NIGHT, "2027-05-05T23:30-07:00", "2027-05-06T00:30-07:00"),
        (NIGHT, "2027-03-14T01:45-08:00", "2027-03-14T22:45-07:00"),
        (COASTS, "2027-05-05T08:30-04:00", "2027-05-05T10:00-04:00"),
        (COASTS, "2027-05-05T11:30-04:00", "2027-05-05T09:30-07:00"),
        (COASTS, "2027-05-05T11:45-07:00", "2027-05-06T09:45-04:00"),
    ],
)
def test_a_question_is_due_when_support_has_been_open_for_an_hour(
    open_at: list[SupportHours], asked: str, due: str
) -> None:
    assert answer_due(open_at, datetime.fromisoformat(asked)) == datetime.fromisoformat(due)


def test_hours_that_overlap_count_once() -> None:
    twice = [hours("09:00", "17:00"), hours("09:30", "12:00")]
    now = datetime(2027, 5, 5, 15, tzinfo=UTC)
    assert answer_due(twice, now) == answer_due(OFFICE, now)


def test_one_hour_a_week_is_enough() -> None:
    weekly = [hours("09:00", "10:00", [3])]
    after_it = datetime.fromisoformat("2027-05-05T09:30-07:00")
    assert answer_due(weekly, after_it) == after_it + timedelta(days=7)
