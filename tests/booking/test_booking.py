from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.booking import AppointmentBooked
from baton_events.codes import VisitKind
from baton_events.directory import RelationshipStarted
from deploy.issuer.mint import mint
from services.booking.model.refusals import LicenceMissing, OfferAltered, OfferLapsed, PatientBusy, SlotTaken
from shared.errors import Internal, KeyReused, NotFound
from shared.requests.booking import BOOK, CANCEL, FIND_OFFERS, AppointmentStatus, Book, FindOffers, OfAppointment
from shared.requests.common import OfPatient
from shared.requests.directory import MAY_OPEN, Ground
from tests.booking.people import AMARA, BEN, MARIA, SAMIRA, SAN_FRANCISCO
from tests.booking.visits import CANARY, book, find, first, take
from tests.support.stack import stack
from tests.support.surroundings import ISSUER

if TYPE_CHECKING:
    from tests.support.stack import Stack

CROWD = 200
ADD_PATIENTS = """
INSERT INTO patient (id, name, birth_date, state, time_zone, latitude, longitude)
SELECT unnest($1::uuid[]), 'One of a crowd', '1980-01-01', 'CA', 'America/Los_Angeles', 37.76, -122.43
"""


async def test_one_request_takes_the_time_and_says_so() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, office=SAN_FRANCISCO)
        done = await take(s, offer)
        assert (done.clinician, done.office, done.start, done.end) == (BEN, SAN_FRANCISCO, offer.start, offer.end)
        assert done.status is AppointmentStatus.BOOKED
        await s.quiet()
        (told,) = await s.events(AppointmentBooked)
        assert told.event.appointment == done.appointment
        assert (told.event.patient, told.event.clinician, told.event.visit_kind) == (MARIA, BEN, VisitKind.OFFICE)
        assert told.event.prepare_owner == f"team:front-desk:{SAN_FRANCISCO}"
        assert told.event.prepare_due - told.time == timedelta(minutes=10)
        started = [got.event for got in await s.events(RelationshipStarted) if got.event.clinician == BEN]
        assert [event.relationship for event in started] == [told.event.relationship]


async def test_the_clinician_may_open_the_record_at_once_and_for_good() -> None:
    async with stack("directory", "booking") as s:
        await book(s, office=SAN_FRANCISCO)
        ask = OfPatient(patient=MARIA)
        assert (await s.ask(MAY_OPEN, ask, as_="ben-whitfield", service="visits")).ground is Ground.TREATMENT
        await s.quiet()
        s.clock.advance(timedelta(days=1))
        assert (await s.ask(MAY_OPEN, ask, as_="ben-whitfield", service="visits")).ground is Ground.TREATMENT


async def test_a_proxy_books_for_the_patient() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, "aisha-khan", patient=SAMIRA)
        await take(s, offer, "aisha-khan")
        assert await s.fetchval("booking", "SELECT patient FROM appointment") == SAMIRA


async def test_a_repeat_is_answered_again_and_nothing_is_done_twice() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s)
        done = await take(s, offer, key="once")
        assert await take(s, offer, key="once") == done
        assert set(await asyncio.gather(*(take(s, offer, key="once") for _ in range(10)))) == {done}
        s.clock.advance(timedelta(hours=1))
        assert await take(s, offer, key="once") == done
        assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 1
        await s.quiet()
        assert len(await s.events(AppointmentBooked)) == 1


async def test_a_repeat_that_races_itself_is_done_once() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s)
        done = await asyncio.gather(*(take(s, offer, key="once") for _ in range(20)))
        assert len(set(done)) == 1
        assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 1


async def test_a_key_used_for_another_offer_is_refused() -> None:
    async with stack("directory", "booking") as s:
        one, *_, other = (await find(s)).offers
        await take(s, one, key="once")
        with pytest.raises(KeyReused):
            await take(s, other, key="once")


async def test_a_taken_time_is_refused_with_the_next_best_offers_which_can_be_taken() -> None:
    async with stack("directory", "booking") as s:
        mine = await first(s)
        theirs = await first(s, "aisha-khan")
        assert (mine.clinician, mine.start) == (theirs.clinician, theirs.start)
        await take(s, mine)
        with pytest.raises(SlotTaken) as refused:
            await take(s, theirs, "aisha-khan")
        assert refused.value.status == 409
        next_best = refused.value.members["offers"]
        assert len(next_best) == 12
        best = next_best[0]
        done = await take(s, best["offer"], "aisha-khan")
        assert (str(done.clinician), done.start) == (best["clinician"], datetime.fromisoformat(best["start"]))
        assert done.start >= mine.end or done.clinician != mine.clinician


async def test_a_patient_cannot_be_at_two_places_at_once() -> None:
    async with stack("directory", "booking") as s:
        one = await first(s, clinician=AMARA)
        other = await first(s, clinician=BEN)
        await take(s, one)
        with pytest.raises(PatientBusy) as refused:
            await take(s, other)
        assert all(datetime.fromisoformat(offer["start"]) >= one.end for offer in refused.value.members["offers"])


async def test_an_altered_offer_is_refused() -> None:
    async with stack("directory", "booking") as s:
        offer = (await first(s)).offer
        for altered in (offer[:-1], offer[1:], offer.swapcase(), "", "offer", offer[:40] + "A" + offer[41:] + "A"):
            with pytest.raises(OfferAltered):
                await take(s, altered)


async def test_another_patients_offer_is_not_there() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s)
        for other in ("jonas-weber", "aisha-khan"):
            with pytest.raises(NotFound):
                await take(s, offer, other)


async def test_an_offer_lapses_after_ten_minutes() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, earliest=datetime.now(UTC) + timedelta(hours=3))
        s.clock.advance(timedelta(minutes=9))
        assert datetime.now(UTC) + timedelta(minutes=9) < offer.lapses_at
        s.clock.advance(timedelta(minutes=2))
        with pytest.raises(OfferLapsed) as refused:
            await take(s, offer)
        assert refused.value.status == 410


async def test_a_time_that_has_passed_cannot_be_booked() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s)
        s.clock.set(offer.start + timedelta(seconds=1))
        with pytest.raises(OfferLapsed):
            await take(s, offer)


async def test_a_licence_that_ended_since_the_offer_is_refused_with_other_offers() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, office=SAN_FRANCISCO, clinician=BEN)
        await s.fetch("directory", "UPDATE licence SET ended_at = now() WHERE staff = $1", BEN)
        with pytest.raises(LicenceMissing) as refused:
            await take(s, offer)
        others = {offer["clinician"] for offer in refused.value.members["offers"]}
        assert others == {str(AMARA)}
        assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 0
        assert await s.fetchval("directory", "SELECT count(*) FROM relationship WHERE clinician = $1", BEN) == 0


async def test_a_patient_who_moved_since_the_offer_is_refused() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, clinician=BEN)
        await s.fetch("directory", "UPDATE patient SET state = 'CO' WHERE id = $1", MARIA)
        with pytest.raises(LicenceMissing):
            await take(s, offer)


async def test_a_booking_broken_off_after_the_registration_is_done_by_its_repeat() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, clinician=BEN)
        await s.as_owner("booking", "ALTER TABLE audit RENAME TO gone")
        with pytest.raises(Internal):
            await take(s, offer, key="once")
        await s.as_owner("booking", "ALTER TABLE gone RENAME TO audit")
        registered = "SELECT count(*) FROM relationship WHERE clinician = $1"
        assert await s.fetchval("directory", registered, BEN) == 1
        await take(s, offer, key="once")
        assert await s.fetchval("directory", registered, BEN) == 1


async def test_next_best_are_others_where_nothing_is_left_of_what_was_asked_for() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, clinician=BEN)
        narrow = {"clinician": BEN, "latest": offer.start}
        theirs = await first(s, "aisha-khan", **narrow)
        await take(s, offer)
        assert (await find(s, "aisha-khan", **narrow)).offers == []
        with pytest.raises(SlotTaken) as refused:
            await take(s, theirs, "aisha-khan")
        assert len(refused.value.members["offers"]) == 12


async def test_a_patient_books_again_after_giving_the_time_back() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s)
        done = await take(s, offer)
        await s.ask(CANCEL, OfAppointment(appointment=done.appointment), as_=MARIA)
        again = await take(s, offer)
        assert again.appointment != done.appointment
        assert again.start == done.start


async def test_an_offer_after_erasure_is_refused() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s)
        await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", MARIA)
        with pytest.raises(NotFound):
            await take(s, offer)


async def crowd(s: Stack, size: int) -> dict[UUID, str]:
    """Many patients of California with their tokens."""
    people = [uuid4() for _ in range(size)]
    await s.fetch("directory", ADD_PATIENTS, people)
    key, now = s.servers.surroundings.issuer_key, datetime.now(UTC)
    return {one: mint(key, issuer=ISSUER, person=one, roles=["patient"], now=now) for one in people}


async def attempt(s: Stack, offer: str, token: str) -> str | list[dict[str, str]]:
    """Booked, or the next best offers of a clear refusal; anything else is raised."""
    try:
        await s.ask(BOOK, Book(offer=offer), token=token, seconds=30)
    except (SlotTaken, PatientBusy) as refusal:
        offers: list[dict[str, str]] = refusal.members["offers"]
        return offers
    return "booked"


async def offer_at_one_time(s: Stack, token: str) -> str:
    ask = FindOffers(reason=CANARY, clinician=BEN, visit_type="general")
    (offer, *_) = (await s.ask(FIND_OFFERS, ask, token=token, seconds=30)).offers
    return offer.offer


async def test_of_two_hundred_who_want_the_same_time_one_gets_it_and_the_others_get_the_next_best() -> None:
    async with stack("directory", "booking") as s:
        s.clock.set(datetime.now(UTC).replace(minute=1, second=0), still=True)
        tokens = list((await crowd(s, CROWD)).values())
        offers = await asyncio.gather(*(offer_at_one_time(s, token) for token in tokens))
        answers = await asyncio.gather(*(attempt(s, *pair) for pair in zip(offers, tokens, strict=True)))
        assert answers.count("booked") == 1
        assert all(len(answer) == 12 for answer in answers if answer != "booked")
        assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 1
        await s.quiet()
        assert len(await s.events(AppointmentBooked)) == 1


async def test_of_two_hundred_attempts_at_one_offer_one_books_it() -> None:
    async with stack("directory", "booking") as s:
        offer, token = await first(s), s.token("maria-lopez")
        answers = await asyncio.gather(*(attempt(s, offer.offer, token) for _ in range(CROWD)))
        assert answers.count("booked") == 1
        assert all(len(answer) == 12 for answer in answers if answer != "booked")
        assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 1
