from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton_events.codes import VisitKind
from services.booking.model.book import Book, Taken
from services.booking.model.hours import Stretch, joined
from services.booking.model.ranking import why
from services.booking.model.slots import MOST, free_starts
from shared.requests.directory import ClinicianCard
from tests.booking.people import (
    AMARA,
    BEN,
    DENVER,
    OAKLAND,
    PACIFIC,
    SAN_FRANCISCO,
    card,
    pacific,
    weekly,
    wish,
)
from tests.booking.searching import NOW, offered, ranked

MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)


def taken(start: str, end: str) -> Taken:
    return Taken(pacific(start), pacific(end), pacific(start), pacific(end), OAKLAND)


def around_the_clock(office: object = OAKLAND) -> ClinicianCard:
    return card(AMARA, weekly(office, "00:00", "24:00"))  # type: ignore[arg-type]


def test_the_first_offer_is_two_minutes_ahead_on_whole_five_minutes() -> None:
    first, second, *_ = offered(wish(), around_the_clock())
    assert first.start == pacific("2026-12-01T10:05")
    assert second.start == first.end == pacific("2026-12-01T10:25")


def test_nothing_is_offered_sooner_than_two_minutes_ahead() -> None:
    (first, *_) = offered(wish(), around_the_clock(), now=pacific("2026-12-01T10:03:01"))
    assert first.start == pacific("2026-12-01T10:10")


def test_nothing_is_offered_outside_hours_or_past_closing() -> None:
    slots = offered(wish(), card(AMARA, weekly(OAKLAND, "11:00", "12:10")), now=pacific("2026-12-01T09:00"))
    today = [slot.start for slot in slots if slot.same_day]
    assert today == [pacific("2026-12-01T11:00"), pacific("2026-12-01T11:20"), pacific("2026-12-01T11:40")]


def test_nothing_is_offered_past_ninety_days_and_what_is_sooner_goes_first() -> None:
    only_mondays = card(AMARA, weekly(OAKLAND, "09:00", "09:20", range(1, 2)))
    starts = [slot.start for slot in offered(wish(), only_mondays)]
    assert starts == [pacific("2026-12-07T09:00") + timedelta(weeks=week) for week in range(12)]
    only_now = card(AMARA, weekly(OAKLAND, "09:00", "09:20", range(1, 2)))
    assert [slot.start for slot in offered(wish(earliest=pacific("2027-02-28T00:00")), only_now)] == [
        pacific("2027-03-01T09:00")
    ]


def test_what_the_clinician_or_the_patient_has_taken_is_not_offered() -> None:
    book = Book(
        clinicians={AMARA: [taken("2026-12-01T10:05", "2026-12-01T10:35")]},
        patient=[Stretch(pacific("2026-12-01T10:50"), pacific("2026-12-01T11:20"))],
    )
    starts = [slot.start for slot in offered(wish(), around_the_clock(), book=book)]
    assert starts[:2] == [pacific("2026-12-01T11:20"), pacific("2026-12-01T11:40")]


def test_a_visit_that_is_over_when_the_next_begins_is_offered() -> None:
    book = Book(clinicians={AMARA: [taken("2026-12-01T10:25", "2026-12-01T10:45")]})
    starts = [slot.start for slot in offered(wish(), around_the_clock(), book=book)]
    assert starts[:2] == [pacific("2026-12-01T10:05"), pacific("2026-12-01T10:45")]


def test_same_day_goes_before_the_own_clinician_on_another_day() -> None:
    later = card(AMARA, weekly(OAKLAND, "09:00", "17:00", range(3, 4)))
    today = card(BEN, weekly(SAN_FRANCISCO, "09:00", "17:00", range(2, 3)))
    slots = offered(wish(), later, today)
    assert slots[0].clinician == BEN
    assert slots[0].same_day
    assert [slot.same_day for slot in slots] == sorted((slot.same_day for slot in slots), reverse=True)


def test_the_own_clinician_goes_before_a_nearer_office_on_the_same_day() -> None:
    near = card(BEN, weekly(SAN_FRANCISCO, "00:00", "24:00"))
    slots = offered(wish(), near, around_the_clock())
    assert [slot.clinician for slot in slots[:4]].count(AMARA) >= 3
    assert slots[0].clinician == AMARA
    assert {slot.clinician for slot in slots} == {AMARA, BEN}


def test_the_nearer_office_goes_first_among_strangers() -> None:
    slots = offered(
        wish(own_clinician=None),
        card(AMARA, weekly(OAKLAND, "00:00", "24:00")),
        card(BEN, weekly(SAN_FRANCISCO, "00:00", "24:00")),
    )
    assert slots[0].clinician == BEN
    assert slots[0].kilometres < 2


def test_at_most_a_dozen_are_offered() -> None:
    assert len(offered(wish(), around_the_clock())) == MOST


def test_the_patient_chooses_office_clinician_kind_and_time() -> None:
    both = (
        card(AMARA, weekly(OAKLAND, "00:00", "24:00"), video=True),
        card(BEN, weekly(SAN_FRANCISCO, "00:00", "24:00")),
    )
    assert {slot.office for slot in offered(wish(office=SAN_FRANCISCO), *both)} == {SAN_FRANCISCO}
    assert {slot.clinician for slot in offered(wish(clinician=AMARA), *both)} == {AMARA}
    assert {slot.kind for slot in offered(wish(kind=VisitKind.VIDEO), *both)} == {VisitKind.VIDEO}
    window = wish(earliest=pacific("2026-12-03T09:00"), latest=pacific("2026-12-03T10:00"))
    assert {slot.start.astimezone(PACIFIC).hour for slot in offered(window, *both)} == {9, 10}


@pytest.mark.parametrize(
    "window",
    [
        {"earliest": pacific("2027-03-20T09:00")},
        {"latest": pacific("2026-11-01T09:00")},
        {"earliest": datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))},
        {"latest": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
    ],
)
def test_a_window_out_of_reach_has_no_offers(window: dict[str, object]) -> None:
    assert offered(wish(**window), around_the_clock()) == []


def test_an_earliest_in_the_past_offers_from_now() -> None:
    assert (
        offered(wish(earliest=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))), around_the_clock())[0].start
        > NOW
    )


def test_a_licence_that_ends_ends_the_offers() -> None:
    ending = card(AMARA, weekly(OAKLAND, "00:00", "24:00"), licensed_until=pacific("2026-12-01T11:00"))
    assert [slot.start for slot in offered(wish(), ending)] == [
        pacific("2026-12-01T10:05"),
        pacific("2026-12-01T10:25"),
        pacific("2026-12-01T10:45"),
    ]


def test_an_office_in_a_state_without_a_licence_is_not_offered() -> None:
    assert offered(wish(), card(AMARA, weekly(DENVER, "00:00", "24:00"))) == []
    licensed_in_both = card(AMARA, weekly(DENVER, "00:00", "24:00"), licensed_in=["CA", "CO"])
    assert offered(wish(), licensed_in_both) != []


def test_another_specialty_is_not_offered() -> None:
    assert offered(wish(), card(AMARA, weekly(OAKLAND, "00:00", "24:00"), specialty="orthopaedics")) == []


def test_by_video_today_is_where_the_patient_is() -> None:
    late = pacific("2026-12-01T23:30")
    video = card(AMARA, weekly(OAKLAND, "00:00", "24:00"), video=True)
    slots = offered(wish(kind=VisitKind.VIDEO, time_zone="America/New_York"), video, now=late)
    first = min(slots, key=lambda slot: slot.start)
    assert first.start.astimezone(first.zone).isoformat() == "2026-12-02T02:35:00-05:00"
    assert first.same_day


def test_each_offer_says_why() -> None:
    own, *_ = ranked(wish(), around_the_clock())
    assert why(own) == "Today with your own clinician, 15 km from your home."
    (stranger, *_) = ranked(wish(), card(BEN, weekly(SAN_FRANCISCO, "00:00", "24:00", range(3, 4))))
    assert why(stranger) == "Another day, 1 km from your home."
    (video, *_) = ranked(wish(kind=VisitKind.VIDEO), card(BEN, weekly(OAKLAND, "00:00", "24:00"), video=True))
    assert why(video) == "Today by video."


def test_the_hour_that_autumn_repeats_is_offered_twice_over() -> None:
    night = pacific("2026-11-01T00:50")
    card_ = card(AMARA, weekly(OAKLAND, "00:00", "03:00"))
    starts = offered(wish(latest=pacific("2026-11-01T03:00")), card_, now=night)
    lengths = {second.start - first.start for first, second in pairwise(starts)}
    assert lengths == {timedelta(minutes=20)}
    assert starts[-1].end == pacific("2026-11-01T03:00") - timedelta(minutes=5)
    assert len(starts) == 9


minutes = st.integers(0, 24 * 60)
stretch = st.tuples(minutes, minutes).map(
    lambda pair: Stretch(MIDNIGHT + timedelta(minutes=min(pair)), MIDNIGHT + timedelta(minutes=max(pair)))
)


@given(
    hours=st.lists(stretch, max_size=4),
    taken=st.lists(stretch, max_size=8),
    length=st.integers(5, 240),
    first=minutes,
)
def test_free_starts_are_within_hours_apart_from_each_other_and_from_what_is_taken(
    hours: list[Stretch], taken: list[Stretch], length: int, first: int
) -> None:
    lasting, begin = timedelta(minutes=length), MIDNIGHT + timedelta(minutes=first)
    open_ = joined(sorted(hours))
    allowed = [Stretch(one.start, one.end - lasting) for one in open_ if one.start <= one.end - lasting]
    closed = [one for one in taken if one.start < one.end]
    forbidden = sorted(Stretch(one.start - lasting, one.end) for one in closed)
    starts = list(free_starts(allowed, forbidden, lasting, begin, MIDNIGHT + timedelta(days=1)))
    assert starts == sorted(starts)
    for start in starts:
        end = start + lasting
        assert start >= begin
        assert start.minute % 5 == 0
        assert any(stretch.start <= start and end <= stretch.end for stretch in open_)
        assert not any(busy.start < end and start < busy.end for busy in closed)
    assert all(later - sooner >= lasting for sooner, later in pairwise(starts))
