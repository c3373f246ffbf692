"""How long a time is somebody's to take, and what of a time is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.model.hours import Stretch
from services.booking.model.waitlist import SHORTEST_CLAIM, lapses_at, left_over, within
from tests.booking.people import AMARA, BEN, OAKLAND, PACIFIC, SAN_FRANCISCO, pacific, wish

DAYS = timedelta(days=30)
TWENTY = timedelta(minutes=20)


def lapse(now: str, start: str = "2027-03-20T12:00", until: str = "2027-04-20T12:00") -> str | None:
    found = lapses_at(pacific(start), pacific(until), PACIFIC, pacific(now))
    return None if found is None else found.astimezone(PACIFIC).strftime("%dT%H:%M")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-03-02T10:00", "02T10:15"),
        ("2027-03-02T20:59", "02T21:14"),
        ("2027-03-02T21:00", "03T08:15"),
        ("2027-03-03T03:00", "03T08:15"),
        ("2027-03-03T07:59", "03T08:15"),
        ("2027-03-13T23:00", "14T08:15"),
        ("2027-03-14T01:30", "14T08:15"),
        ("2027-03-14T03:30", "14T08:15"),
    ],
)
def test_it_is_a_quarter_of_an_hour_by_day_and_one_from_the_morning_on_by_night(now: str, expected: str) -> None:
    assert lapse(now) == expected


def test_the_clocks_going_back_make_the_night_an_hour_longer() -> None:
    now = datetime.fromisoformat("2027-11-07T01:30").replace(tzinfo=PACIFIC)
    found = lapses_at(now + DAYS, now + 2 * DAYS, PACIFIC, now)
    assert found == pacific("2027-11-07T08:15")


@pytest.mark.parametrize(
    ("now", "start", "until", "expected"),
    [
        ("2027-03-02T22:00", "2027-03-03T09:59", "2027-04-01T00:00", "02T22:15"),
        ("2027-03-02T22:00", "2027-03-03T10:00", "2027-04-01T00:00", "03T08:15"),
        ("2027-03-02T10:00", "2027-03-02T10:10", "2027-04-01T00:00", "02T10:08"),
        ("2027-03-02T10:00", "2027-03-02T10:07", "2027-04-01T00:00", "02T10:05"),
        ("2027-03-02T10:00", "2027-03-02T10:06", "2027-04-01T00:00", None),
        ("2027-03-02T10:00", "2027-03-20T10:00", "2027-03-02T10:09", "02T10:09"),
        ("2027-03-02T10:00", "2027-03-20T10:00", "2027-03-02T10:04", None),
    ],
)
def test_it_is_never_past_the_time_or_the_wait_nor_too_short_to_take(
    now: str, start: str, until: str, expected: str | None
) -> None:
    assert lapse(now, start, until) == expected


@settings(max_examples=200, deadline=None)
@given(
    now=st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - the zone comes next
    ahead=st.timedeltas(timedelta(), DAYS),
    waits=st.timedeltas(timedelta(), DAYS),
    zone=st.sampled_from(["America/Los_Angeles", "America/New_York", "Pacific/Honolulu", "America/Phoenix"]),
)
def test_every_claim_lasts_long_enough_and_ends_before_the_visit(
    now: datetime, ahead: timedelta, waits: timedelta, zone: str
) -> None:
    moment = now.replace(tzinfo=ZoneInfo("UTC"))
    found = lapses_at(moment + ahead, moment + waits, ZoneInfo(zone), moment)
    if found is not None:
        assert moment + SHORTEST_CLAIM <= found <= min(moment + ahead, moment + waits)
        assert found <= moment + timedelta(hours=12, minutes=15)


def test_what_is_left_of_a_time_is_what_lies_before_and_after() -> None:
    start = pacific("2027-03-02T10:00")
    freed = Stretch(start, start + 3 * TWENTY)
    middle = Stretch(start + TWENTY, start + 2 * TWENTY)
    assert list(left_over(freed, middle)) == [Stretch(start, middle.start), Stretch(middle.end, freed.end)]
    assert list(left_over(freed, freed)) == []
    assert list(left_over(freed, Stretch(start + timedelta(minutes=4), freed.end + TWENTY))) == []


def test_a_visit_begins_in_the_freed_time_and_ends_in_it_where_it_can() -> None:
    start = pacific("2027-03-02T10:00")
    freed = Stretch(start, start + 3 * TWENTY)
    for length, latest in ((TWENTY, start + 2 * TWENTY), (4 * TWENTY, start)):
        found = within(wish(), BEN, SAN_FRANCISCO, freed, length)
        assert found is not None
        assert (found.clinician, found.office, found.earliest, found.latest) == (BEN, SAN_FRANCISCO, start, latest)


def test_what_else_they_would_rather_have_still_counts() -> None:
    start = pacific("2027-03-02T10:00")
    freed = Stretch(start, start + 3 * TWENTY)
    for other in (
        {"clinician": AMARA},
        {"office": OAKLAND},
        {"earliest": start + 2 * TWENTY + timedelta(minutes=1)},
        {"latest": start - timedelta(minutes=1)},
    ):
        assert within(wish(**other), BEN, SAN_FRANCISCO, freed, TWENTY) is None
    found = within(wish(earliest=start + TWENTY, latest=start + TWENTY), BEN, SAN_FRANCISCO, freed, TWENTY)
    assert found is not None
    assert found.earliest == found.latest == start + TWENTY
