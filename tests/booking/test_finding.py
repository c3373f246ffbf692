from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from baton_events.codes import VisitKind
from shared.errors import Invalid, NotFound, Unavailable
from shared.requests.booking import FIND_OFFERS, FindOffers
from shared.requests.common import ACCESSES, OfPatient
from tests.booking.people import AMARA, BEN, CHEN, JONAS, MARIA, OAKLAND, SAMIRA, SAN_FRANCISCO
from tests.booking.visits import CANARY, book, find, first
from tests.support.stack import stack


async def test_offers_say_who_where_when_price_and_why_and_the_own_clinician_goes_first() -> None:
    async with stack("directory", "booking") as s:
        s.clock.set(datetime(2026, 12, 1, 18, tzinfo=UTC))
        found = await find(s)
        assert found.emergency is None
        assert len(found.offers) == 12
        offer = found.offers[0]
        assert (offer.clinician, offer.clinician_name, offer.credential) == (AMARA, "Amara Okafor", "MD")
        assert (offer.office, offer.office_name, offer.kind) == (OAKLAND, "Oakland", VisitKind.OFFICE)
        assert offer.start == datetime(2026, 12, 1, 18, 5, tzinfo=UTC)
        assert offer.local_start == "2026-12-01T10:05-08:00"
        assert offer.end - offer.start == timedelta(minutes=offer.minutes) == timedelta(minutes=20)
        assert offer.price_cents == 9900
        assert offer.why.startswith("Today with your own clinician")
        assert offer.lapses_at == offer.start
        assert {one.clinician for one in found.offers} == {AMARA, BEN}


async def test_what_sounds_like_an_emergency_is_answered_first_and_can_be_booked() -> None:
    async with stack("directory", "booking") as s:
        found = await find(s, reason="Chest \n PAIN since this morning")
        assert found.emergency is not None
        assert found.emergency.call == "911"
        assert found.offers
        assert {offer.minutes for offer in found.offers} == {30}


async def test_only_who_is_licensed_where_the_patient_lives_is_offered() -> None:
    async with stack("directory", "booking") as s:
        assert {offer.clinician for offer in (await find(s, "jonas-weber")).offers} <= {AMARA, CHEN}
        assert (await find(s, "jonas-weber", clinician=BEN)).offers == []
        await s.fetch("directory", "UPDATE patient SET state = 'TX' WHERE id = $1", JONAS)
        assert (await find(s, "jonas-weber")).offers == []


async def test_the_patient_chooses_office_clinician_kind_and_time() -> None:
    async with stack("directory", "booking") as s:
        there = await find(s, office=SAN_FRANCISCO)
        assert {(offer.office, offer.clinician) for offer in there.offers} == {(SAN_FRANCISCO, BEN)}
        video = await find(s, kind=VisitKind.VIDEO)
        assert {offer.kind for offer in video.offers} == {VisitKind.VIDEO}
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        then = await find(s, earliest=tomorrow, latest=tomorrow + timedelta(hours=1))
        assert then.offers
        assert all(tomorrow <= offer.start <= tomorrow + timedelta(hours=1) for offer in then.offers)
        assert {offer.minutes for offer in (await find(s, visit_type="check-up")).offers} == {40}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": " \n\u200b"}, "reason"),
        ({"visit_type": "surgery"}, "visit_type"),
        ({"office": MARIA}, "office"),
        (
            {"earliest": datetime(2027, 1, 2, tzinfo=UTC), "latest": datetime(2027, 1, 1, tzinfo=UTC)},
            "latest",
        ),
        ({"latest": datetime(2026, 1, 2, tzinfo=UTC)}, "latest"),
        ({"earliest": datetime(2027, 1, 2)}, "earliest"),  # noqa: DTZ001 - a time without its offset is what is wrong
        ({"reason": ""}, "reason"),
        ({"reason": "a" * 4001}, "reason"),
    ],
)
async def test_a_request_that_cannot_be_is_refused_by_its_field(wrong: dict[str, object], field: str) -> None:
    async with stack("directory", "booking") as s:
        with pytest.raises(Invalid) as refused:
            await find(s, **{"reason": CANARY, **wrong})  # type: ignore[arg-type]
        assert refused.value.members["field"] == field


async def test_a_proxy_finds_offers_for_the_patient_and_a_stranger_does_not() -> None:
    async with stack("directory", "booking") as s:
        assert (await find(s, "aisha-khan", patient=SAMIRA)).offers
        with pytest.raises(NotFound):
            await find(s, "maria-lopez", patient=SAMIRA)
        with pytest.raises(NotFound):
            await s.ask(FIND_OFFERS, FindOffers(reason=CANARY, patient=OAKLAND), as_="maria-lopez")


async def test_what_is_booked_is_not_offered_to_anybody_else() -> None:
    async with stack("directory", "booking") as s:
        taken = await book(s)
        others = await find(s, "aisha-khan", clinician=AMARA, kind=VisitKind.OFFICE)
        assert all(offer.start >= taken.end for offer in others.offers)
        assert (await first(s)).start >= taken.end


async def test_without_the_directory_there_are_no_offers() -> None:
    async with stack("directory", "booking") as s:
        await s.stop("directory")
        with pytest.raises(Unavailable):
            await find(s)


async def test_what_to_do_in_an_emergency_is_told_also_when_nothing_can_be_offered() -> None:
    async with stack("directory", "booking") as s:
        await s.stop("directory")
        found = await find(s, reason="chest pain")
        assert found.emergency is not None
        assert found.offers == []


async def test_looking_for_offers_is_on_record() -> None:
    async with stack("directory", "booking") as s:
        await find(s)
        (access,) = (await s.ask(ACCESSES["booking"], OfPatient(patient=MARIA), as_="maria-lopez")).accesses
        assert (access.actor, access.action, access.service) == (str(MARIA), "write", "booking")


async def test_reasons_of_long_ago_are_forgotten() -> None:
    async with stack("directory", "booking") as s:
        await find(s)
        s.clock.advance(timedelta(days=2))
        await find(s)
        assert await s.fetchval("booking", "SELECT count(*) FROM offer_set") == 1
