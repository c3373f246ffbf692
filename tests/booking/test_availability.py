from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton_events.codes import Availability, VisitKind
from services.booking.model.book import Book, Taken
from services.booking.model.hours import Exceptions, Override, Stretch, both, common, open_times, without
from services.booking.model.ranking import why
from shared.practice.model import Away, ExtraHours, Holiday
from tests.booking.people import (
    AMARA,
    BEN,
    DENVER,
    OAKLAND,
    PACIFIC,
    PRACTICE,
    SAN_FRANCISCO,
    card,
    pacific,
    weekly,
    wish,
)
from tests.booking.searching import offered, ranked

if TYPE_CHECKING:
    from shared.practice import Practice

TUESDAY, WEDNESDAY = date(2026, 12, 1), date(2026, 12, 2)
NINE_TO_FIVE = weekly(OAKLAND, "09:00", "17:00")


def at(text: str, day: date = TUESDAY) -> datetime:
    return pacific(f"{day}T{text}")


def practice(**changed: object) -> Practice:
    return msgspec.structs.replace(PRACTICE, **changed)


def amara(**changed: object) -> Practice:
    return practice(staff={**PRACTICE.staff, AMARA: msgspec.structs.replace(PRACTICE.staff[AMARA], **changed)})


def visit_type(**changed: object) -> Practice:
    general = msgspec.structs.replace(PRACTICE.visit_types["general"], **changed)
    return practice(visit_types={**PRACTICE.visit_types, "general": general})


def opened(of: Practice = PRACTICE, *overrides: Override, day: date = TUESDAY) -> list[Stretch]:
    exceptions = Exceptions(holidays=of.holidays, staff=of.staff[AMARA], overrides=overrides)
    return open_times(NINE_TO_FIVE, exceptions, PRACTICE.offices[OAKLAND], PACIFIC, day, day)


def override(availability: Availability, start: str, end: str) -> Override:
    return Override(availability=availability, stretch=Stretch(at(start), at(end)))


def test_a_holiday_of_the_practice_or_the_office_closes_the_day_and_another_offices_does_not() -> None:
    assert opened(practice(holidays=[Holiday(day=TUESDAY, name="Founders")])) == []
    assert opened(practice(holidays=[Holiday(day=TUESDAY, name="Founders", office=OAKLAND)])) == []
    elsewhere = practice(holidays=[Holiday(day=TUESDAY, name="Founders", office=DENVER)])
    assert opened(elsewhere) == [Stretch(at("09:00"), at("17:00"))]


def test_extra_hours_count_on_a_holiday_and_not_while_away() -> None:
    extra = [ExtraHours(office=OAKLAND, day=TUESDAY, opens="18:00", closes="20:00")]
    holiday = [Holiday(day=TUESDAY, name="Founders")]
    assert opened(amara(extra_hours=extra)) == [
        Stretch(at("09:00"), at("17:00")),
        Stretch(at("18:00"), at("20:00")),
    ]
    assert opened(msgspec.structs.replace(amara(extra_hours=extra), holidays=holiday)) == [
        Stretch(at("18:00"), at("20:00"))
    ]
    assert opened(amara(extra_hours=extra, away=[Away(first=TUESDAY)])) == []


def test_who_is_away_is_away_from_the_hour_to_the_hour() -> None:
    away = [Away(first=TUESDAY, last=WEDNESDAY, begins="12:00", ends="10:30")]
    assert opened(amara(away=away)) == [Stretch(at("09:00"), at("12:00"))]
    assert opened(amara(away=away), day=WEDNESDAY) == [Stretch(at("10:30", WEDNESDAY), at("17:00", WEDNESDAY))]


def test_of_overrides_the_latest_counts() -> None:
    closed, open_ = Availability.CLOSED, Availability.OPEN
    holiday = practice(holidays=[Holiday(day=TUESDAY, name="Founders")])
    assert opened(holiday, override(open_, "10:00", "11:00")) == [Stretch(at("10:00"), at("11:00"))]
    assert opened(PRACTICE, override(closed, "09:00", "17:00"), override(open_, "10:00", "11:00")) == [
        Stretch(at("10:00"), at("11:00"))
    ]
    assert opened(PRACTICE, override(open_, "10:00", "11:00"), override(closed, "08:00", "18:00")) == []


def test_a_time_opened_where_a_clinician_has_no_hours_is_offered() -> None:
    opened_there = {(AMARA, SAN_FRANCISCO): [override(Availability.OPEN, "12:00", "12:40")]}
    slots = offered(wish(office=SAN_FRANCISCO), card(AMARA, NINE_TO_FIVE), overrides=opened_there)
    assert [(slot.office, slot.start) for slot in slots] == [
        (SAN_FRANCISCO, at("12:00")),
        (SAN_FRANCISCO, at("12:20")),
    ]


def test_minutes_before_and_after_are_kept_free_for_the_clinician_and_not_for_the_patient() -> None:
    with_minutes = visit_type(before_minutes=5, after_minutes=10)
    noon = Taken(at("12:00"), at("12:20"), at("11:55"), at("12:30"), OAKLAND)
    wanted = wish(kind=VisitKind.OFFICE, earliest=at("11:00"), latest=at("13:00"))
    of_clinician = offered(
        wanted, card(AMARA, NINE_TO_FIVE), practice=with_minutes, book=Book(clinicians={AMARA: [noon]})
    )
    assert [slot.start for slot in of_clinician] == [at("11:00"), at("12:35")]
    of_patient = offered(
        wanted, card(AMARA, NINE_TO_FIVE), practice=with_minutes, book=Book(patient=[Stretch(at("12:00"), at("12:20"))])
    )
    assert [slot.start for slot in of_patient] == [at("11:00"), at("11:35"), at("12:20"), at("12:55")]


def test_minutes_before_and_after_lie_within_open_times() -> None:
    with_minutes = visit_type(before_minutes=10, after_minutes=15)
    slots = offered(wish(latest=at("23:00")), card(AMARA, weekly(OAKLAND, "11:00", "12:30")), practice=with_minutes)
    assert [slot.start for slot in slots] == [at("11:10"), at("11:55")]


def test_between_two_offices_there_is_time_for_the_way_and_by_video_none_is_needed() -> None:
    far = practice(travel_minutes=45)
    hours = [*weekly(OAKLAND, "09:00", "12:00"), *weekly(SAN_FRANCISCO, "12:00", "17:00")]
    last = Taken(at("11:40"), at("12:00"), at("11:40"), at("12:00"), OAKLAND)
    late = wish(office=SAN_FRANCISCO, earliest=at("12:00"), latest=at("13:00"))
    asked = {"practice": far, "book": Book(clinicians={AMARA: [last]})}
    slots = offered(late, card(AMARA, hours, video=True), **asked)
    assert min(slot.start for slot in slots if slot.kind is VisitKind.OFFICE) == at("12:45")
    assert min(slot.start for slot in slots if slot.kind is VisitKind.VIDEO) == at("12:00")
    first = Taken(at("13:00"), at("13:20"), at("13:00"), at("13:20"), SAN_FRANCISCO)
    early = wish(office=OAKLAND, kind=VisitKind.OFFICE, earliest=at("11:00"), latest=at("12:00"))
    slots = offered(early, card(AMARA, hours), practice=far, book=Book(clinicians={AMARA: [first]}))
    assert [slot.start for slot in slots] == [at("11:00"), at("11:20"), at("11:40")]
    nearer = msgspec.structs.replace(far, travel_minutes=75)
    slots = offered(early, card(AMARA, hours), practice=nearer, book=Book(clinicians={AMARA: [first]}))
    assert [slot.start for slot in slots] == [at("11:00"), at("11:20")]


def test_without_a_free_room_nothing_is_offered_in_the_office_and_by_video_it_is() -> None:
    an_hour = [Stretch(at("11:00"), at("12:00"))]
    rooms = [room.code for room in PRACTICE.offices[OAKLAND].rooms]
    wanted = wish(earliest=at("10:30"), latest=at("12:00"))
    who = card(AMARA, NINE_TO_FIVE, video=True)
    full = Book(rooms={(OAKLAND, room): an_hour for room in rooms})
    slots = offered(wanted, who, book=full)
    assert sorted(slot.start for slot in slots if slot.kind is VisitKind.OFFICE) == [at("10:30"), at("12:00")]
    assert at("11:10") in {slot.start for slot in slots if slot.kind is VisitKind.VIDEO}
    one_left = Book(rooms={(OAKLAND, room): an_hour for room in rooms[:-1]})
    slots = offered(wanted, who, book=one_left)
    assert at("11:10") in {slot.start for slot in slots if slot.kind is VisitKind.OFFICE}
    exam_only = visit_type(room="exam")
    slots = offered(wanted, who, book=one_left, practice=exam_only)
    assert at("11:10") not in {slot.start for slot in slots if slot.kind is VisitKind.OFFICE}


def test_a_room_for_part_of_the_visit_is_no_room() -> None:
    first, *others = [room.code for room in PRACTICE.offices[OAKLAND].rooms]
    book = Book(
        rooms={
            (OAKLAND, first): [Stretch(at("11:10"), at("11:30"))],
            **{(OAKLAND, room): [Stretch(at("10:00"), at("11:10"))] for room in others},
        }
    )
    wanted = wish(kind=VisitKind.OFFICE, earliest=at("11:00"), latest=at("11:05"))
    assert offered(wanted, card(AMARA, NINE_TO_FIVE), book=book) == []


def test_an_office_without_a_room_of_the_kind_is_not_offered() -> None:
    assert offered(wish(kind=VisitKind.OFFICE), card(AMARA, NINE_TO_FIVE), practice=visit_type(room="theatre")) == []


@pytest.mark.parametrize(
    ("wanted", "hours"),
    [
        ({"after": "14:00"}, {14, 15, 16}),
        ({"before": "10:30"}, {9, 10}),
        ({"after": "11:00", "before": "12:00"}, {11, 12}),
        ({"after": "16:00", "before": "09:30"}, {9, 16}),
    ],
)
def test_the_patient_chooses_the_hours_of_the_day(wanted: dict[str, str], hours: set[int]) -> None:
    slots = offered(wish(earliest=at("00:00", WEDNESDAY), **wanted), card(AMARA, NINE_TO_FIVE))
    assert {slot.start.astimezone(PACIFIC).hour for slot in slots} <= hours
    assert len(slots) == 12


def test_the_patient_chooses_days_and_by_video_their_own_clock_counts() -> None:
    slots = offered(wish(days=frozenset({5, 7})), card(AMARA, weekly(OAKLAND, "09:00", "11:00")))
    assert {slot.start.astimezone(PACIFIC).isoweekday() for slot in slots} == {5, 7}
    at_home = wish(kind=VisitKind.VIDEO, after="20:00", time_zone="America/New_York")
    slots = offered(at_home, card(AMARA, weekly(OAKLAND, "00:00", "24:00"), video=True))
    assert {slot.start.astimezone(ZoneInfo("America/New_York")).hour for slot in slots} <= {20, 21, 22, 23}
    assert slots


def test_by_video_goes_first_where_it_is_sooner_in_three_places_at_most() -> None:
    by_video = card(BEN, weekly(SAN_FRANCISCO, "00:00", "24:00"), video=True, licensed_in=["NV"])
    in_person = card(AMARA, weekly(OAKLAND, "13:00", "17:00"))
    found = ranked(wish(own_clinician=None), by_video, in_person)
    assert [one.sooner for one in found[:4]] == [True, True, True, False]
    assert why(found[0]) == "Today by video, sooner than in an office."
    assert found[3].slot.clinician == AMARA
    same_time = ranked(wish(own_clinician=None), by_video, card(AMARA, weekly(OAKLAND, "00:00", "24:00")))
    assert found[0].slot.kind is VisitKind.VIDEO
    assert not any(one.sooner for one in same_time)


def test_the_own_clinician_goes_first_within_two_weeks_and_not_months_later() -> None:
    stranger = card(BEN, weekly(SAN_FRANCISCO, "09:00", "17:00", range(3, 4)))
    soon = card(AMARA, weekly(OAKLAND, "09:00", "17:00", range(1, 2)))
    assert offered(wish(), stranger, soon)[0].clinician == AMARA
    away = amara(away=[Away(first=TUESDAY, last=date(2027, 1, 15))])
    slots = offered(wish(), stranger, soon, practice=away)
    assert {slot.clinician for slot in slots[:9]} == {BEN}


moments = st.integers(0, 14 * 24 * 12).map(lambda fives: timedelta(minutes=5 * fives))
stretches = st.tuples(moments, st.integers(1, 72)).map(lambda pair: (pair[0], pair[0] + timedelta(minutes=5 * pair[1])))
clocks = st.sampled_from(["00:00", "01:30", "02:30", "03:00", "09:00", "12:00", "17:00", "24:00"])
STARTS = st.sampled_from([datetime(2026, 10, 28, 9, 1, tzinfo=UTC), datetime(2027, 3, 10, 9, 1, tzinfo=UTC)])


@st.composite
def circumstances(draw: st.DrawFn) -> tuple[datetime, Practice, Book, list[Override], list[tuple[str, str]]]:
    now = draw(STARTS)

    def some(most: int) -> list[Stretch]:
        return [Stretch(now + start, now + end) for start, end in draw(st.lists(stretches, max_size=most))]

    spans = sorted({tuple(sorted(draw(st.tuples(clocks, clocks)))) for _ in range(draw(st.integers(1, 2)))})
    general = {
        "before_minutes": draw(st.sampled_from([0, 5, 7])),
        "after_minutes": draw(st.sampled_from([0, 10])),
        "minutes": draw(st.sampled_from([20, 45])),
    }
    of = msgspec.structs.replace(
        visit_type(**general),
        travel_minutes=draw(st.sampled_from([0, 30])),
        holidays=[Holiday(day=now.date() + timedelta(days=draw(st.integers(0, 9))), name="A day")],
    )
    rooms = [room.code for room in PRACTICE.offices[OAKLAND].rooms]
    book = Book(
        clinicians={
            AMARA: [
                Taken(one.start, one.end, one.start - timedelta(minutes=5), one.end + timedelta(minutes=10), where)
                for one, where in zip(some(6), draw(st.permutations([OAKLAND, SAN_FRANCISCO, None] * 2)), strict=False)
            ]
        },
        patient=some(3),
        rooms={(OAKLAND, room): some(3) for room in rooms},
    )
    overrides = [Override(availability=draw(st.sampled_from(Availability)), stretch=one) for one in some(3)]
    return now, of, book, overrides, spans  # type: ignore[return-value]


@given(circumstances())
def test_whatever_is_offered_is_open_and_in_nobodys_way_also_where_clocks_change(
    given_: tuple[datetime, Practice, Book, list[Override], list[tuple[str, str]]],
) -> None:
    now, of, book, overrides, spans = given_
    hours = [one for opens, closes in spans for one in weekly(OAKLAND, opens, closes)]
    who = card(AMARA, hours, video=True)
    found = offered(wish(), who, now=now, practice=of, book=book, overrides={(AMARA, OAKLAND): overrides})
    visit, way = of.visit_types["general"], timedelta(minutes=of.travel_minutes)
    exceptions = Exceptions(holidays=of.holidays, staff=of.staff[AMARA], overrides=overrides)
    for slot in found:
        day = slot.start.astimezone(PACIFIC).date()
        around = (day - timedelta(days=2), day + timedelta(days=2))
        blocked = Stretch(
            slot.start - timedelta(minutes=visit.before_minutes), slot.end + timedelta(minutes=visit.after_minutes)
        )
        times = open_times(hours, exceptions, of.offices[OAKLAND], PACIFIC, *around)
        assert slot.start >= now
        assert any(one.start <= blocked.start and blocked.end <= one.end for one in times)
        assert not any(one.start < slot.end and slot.start < one.end for one in book.patient)
        for taken in book.clinicians[AMARA]:
            assert not (taken.blocked_from < blocked.end and blocked.start < taken.blocked_until)
            if slot.kind is VisitKind.OFFICE and taken.office == SAN_FRANCISCO:
                assert taken.end + way <= slot.start or slot.end + way <= taken.start
        if slot.kind is VisitKind.OFFICE:
            assert any(
                all(one.end <= slot.start or slot.end <= one.start for one in room) for room in book.rooms.values()
            )


@given(
    st.lists(stretches, max_size=6),
    st.lists(stretches, max_size=6),
    moments,
)
def test_both_without_and_common_are_what_they_say(some: object, others: object, moment: timedelta) -> None:
    begin = datetime(2027, 3, 10, tzinfo=UTC)
    a, b = ([Stretch(begin + start, begin + end) for start, end in x] for x in (some, others))  # type: ignore[attr-defined]
    at_ = begin + moment + timedelta(minutes=2)

    def within(stretches: list[Stretch]) -> bool:
        return any(one.start <= at_ < one.end for one in stretches)

    whole, rest = both(a, []), both(b, [])
    assert within(both(a, b)) == (within(a) or within(b))
    assert within(without(whole, b)) == (within(a) and not within(b))
    assert within(common(whole, rest)) == (within(a) and within(b))
