from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import pytest_asyncio

from baton_events.booking import AppointmentRescheduled
from baton_events.codes import VisitKind
from baton_events.directory import RelationshipStarted
from services.booking.model.moves import (
    Begun,
    GivenBack,
    MovedMeanwhile,
    OfferForAnother,
    OfferToMove,
    Past,
    ReasonTold,
)
from services.booking.model.refusals import (
    LicenceMissing,
    NoSuchAppointment,
    NotCancellable,
    NothingTold,
    OfferAltered,
    OfferLapsed,
    PatientBusy,
    SlotTaken,
)
from services.booking.store import appointments, moves
from shared.errors import NotFound, Refusal
from shared.requests.booking import APPOINTMENT, CANCEL, FIND_OFFERS, AppointmentStatus, FindOffers, OfAppointment
from shared.requests.common import OfPatient
from shared.requests.directory import MAY_OPEN, Ground
from tests.booking.moving import booked_at, fresh, move, moved, others
from tests.booking.people import AMARA, BEN, DENVER, MARIA, SAMIRA
from tests.booking.visits import CANARY, ended, find, first, started, take
from tests.support.stack import stack as opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from shared.requests.booking import Appointment, Booked
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Stack]:
    async with opened("directory", "booking") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(services: Stack) -> AsyncIterator[Stack]:
    async with fresh(services) as empty:
        yield empty


async def seen(s: Stack, booked: Booked, who: str = "maria-lopez") -> Appointment:
    return await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_=who)


async def where(s: Stack, booked: Booked) -> tuple[datetime, datetime, object]:
    now = await seen(s, booked)
    return now.start, now.end, now.clinician


async def test_an_appointment_moves_and_keeps_its_id_its_reason_and_its_price(s: Stack) -> None:
    booked = await booked_at(s)
    before = await seen(s, booked)
    offer = (await others(s, booked.appointment))[0]
    assert offer.price_cents == before.price_cents
    done = await move(s, booked.appointment, offer)
    assert (done.appointment, done.status, done.sequence) == (booked.appointment, AppointmentStatus.BOOKED, 1)
    now = await seen(s, booked)
    assert (now.start, now.clinician, now.office) == (offer.start, offer.clinician, offer.office)
    assert (now.reason, now.visit_type, now.price_cents, now.quote) == (
        CANARY,
        before.visit_type,
        before.price_cents,
        before.quote,
    )
    assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 1
    free = await first(s, "aisha-khan", clinician=BEN, earliest=booked.start, latest=booked.start)
    assert free.start == booked.start


async def test_the_move_is_told_with_the_new_time_and_who_treats_the_patient_now(s: Stack) -> None:
    booked = await booked_at(s)
    before = await s.fetchval("booking", "SELECT relationship FROM appointment")
    same = await moved(s, booked.appointment, clinician=BEN)
    other = await moved(s, booked.appointment, clinician=AMARA)
    await s.quiet()
    told = [got for got in await s.events(AppointmentRescheduled) if got.event.appointment == booked.appointment]
    assert [got.event.start for got in told] == [same.start, other.start]
    assert [got.event.clinician for got in told] == [BEN, AMARA]
    assert told[0].event.relationship == before != told[1].event.relationship
    assert told[1].event.visit_kind is other.kind
    begun = [got.event.relationship for got in await s.events(RelationshipStarted)]
    assert told[1].event.relationship in begun


async def test_the_new_clinician_reads_the_reason_at_once_and_may_open_the_record(s: Stack) -> None:
    booked = await booked_at(s, who="jonas-weber", clinician=None, kind=VisitKind.VIDEO)
    stays = booked.clinician
    offers = [one for one in await others(s, booked.appointment, "jonas-weber") if one.clinician != stays]
    done = await move(s, booked.appointment, offers[0], "jonas-weber")
    ask = OfAppointment(appointment=booked.appointment)
    assert (await s.ask(APPOINTMENT, ask, as_=done.clinician)).reason == CANARY
    jonas = OfPatient(patient=s.person("jonas-weber"))
    assert (await s.ask(MAY_OPEN, jonas, as_=done.clinician, service="visits")).ground is Ground.TREATMENT


async def test_the_time_it_has_is_not_offered_and_stands_in_nobodys_way(s: Stack) -> None:
    booked = await booked_at(s)
    offers = await others(s, booked.appointment, clinician=BEN, earliest=booked.start - timedelta(minutes=10))
    assert (BEN, booked.start) not in {(one.clinician, one.start) for one in offers}
    overlapping = [one for one in offers if one.start < booked.end and booked.start < one.end]
    assert overlapping
    done = await move(s, booked.appointment, overlapping[0])
    assert (await where(s, booked))[0] == done.start


async def test_nothing_is_told_twice(s: Stack) -> None:
    booked = await booked_at(s)
    for again in ({"reason": "a rash"}, {"visit_type": "general"}):
        with pytest.raises(ReasonTold):
            await others(s, booked.appointment, **again)
    with pytest.raises(NothingTold):
        await s.ask(FIND_OFFERS, FindOffers(), as_="maria-lopez")


async def test_a_repeat_is_answered_again_and_moves_nothing(s: Stack) -> None:
    booked = await booked_at(s)
    offer = (await others(s, booked.appointment, clinician=AMARA))[0]
    done = await move(s, booked.appointment, offer, key="once")
    assert set(await asyncio.gather(*(move(s, booked.appointment, offer, key="once") for _ in range(5)))) == {done}
    with pytest.raises(MovedMeanwhile):
        await move(s, booked.appointment, offer)
    assert await s.fetchval("booking", "SELECT sequence FROM appointment") == 1


async def test_the_old_time_is_kept_when_the_new_one_is_taken_meanwhile(s: Stack) -> None:
    booked = await booked_at(s)
    offer = (await others(s, booked.appointment, clinician=AMARA, earliest=booked.end))[0]
    theirs = await find(s, "aisha-khan", clinician=AMARA, earliest=offer.start, latest=offer.start, kind=offer.kind)
    taken = await take(s, theirs.offers[0], "aisha-khan")
    assert taken.start < offer.end
    before = await where(s, booked)
    with pytest.raises(SlotTaken) as refused:
        await move(s, booked.appointment, offer)
    assert await where(s, booked) == before
    next_best = refused.value.members["offers"]
    assert next_best
    assert (await move(s, booked.appointment, next_best[0]["offer"])).sequence == 1


async def test_a_patient_cannot_be_moved_to_where_another_of_their_visits_is(s: Stack) -> None:
    booked = await booked_at(s)
    offer = (await others(s, booked.appointment, clinician=AMARA, earliest=booked.end))[0]
    await booked_at(s, 0, clinician=BEN, earliest=offer.start, latest=offer.start)
    before = await where(s, booked)
    with pytest.raises(PatientBusy):
        await move(s, booked.appointment, offer)
    assert await where(s, booked) == before


async def test_it_is_not_moved_to_who_is_not_licensed_there_then(s: Stack) -> None:
    booked = await booked_at(s)
    offer = (await others(s, booked.appointment, clinician=AMARA))[0]
    await s.fetch("directory", "UPDATE licence SET ended_at = now() WHERE staff = $1 AND state = 'CA'", AMARA)
    try:
        with pytest.raises(LicenceMissing) as refused:
            await move(s, booked.appointment, offer)
        assert all(one["clinician"] != str(AMARA) for one in refused.value.members["offers"])
        assert (await where(s, booked))[0] == booked.start
        assert AMARA not in {one.clinician for one in await others(s, booked.appointment)}
    finally:
        await s.fetch("directory", "UPDATE licence SET ended_at = NULL")


async def test_offers_made_for_something_else_are_refused(s: Stack) -> None:
    booked = await booked_at(s)
    another = await booked_at(s, 6)
    plain = await first(s, earliest=another.end)
    for_another = (await others(s, another.appointment))[0]
    theirs = await first(s, "aisha-khan", patient=SAMIRA)
    for offer in (plain, for_another, theirs):
        with pytest.raises(OfferForAnother):
            await move(s, booked.appointment, offer)
    with pytest.raises(OfferToMove):
        await take(s, for_another)
    good = (await others(s, booked.appointment))[0].offer
    for altered in ("", "offer", good[:-1], good.swapcase(), good[:40] + "A" + good[41:] + "A"):
        with pytest.raises(OfferAltered):
            await move(s, booked.appointment, altered)
    assert (await where(s, booked))[0] == booked.start


async def test_an_offer_that_lapsed_or_whose_time_is_past_is_refused(s: Stack) -> None:
    booked = await booked_at(s, 5)
    soon = await others(s, booked.appointment)
    later = await others(s, booked.appointment, earliest=s.clock() + timedelta(hours=1))
    s.clock.set(soon[0].start)
    with pytest.raises(OfferLapsed):
        await move(s, booked.appointment, soon[0])
    s.clock.set(later[0].lapses_at)
    with pytest.raises(OfferLapsed):
        await move(s, booked.appointment, later[0])


async def test_what_was_cancelled_begun_or_is_past_stays_where_it_is(s: Stack) -> None:
    given_back, begun, past = [await booked_at(s, hours) for hours in (3, 4, 5)]
    offers = [(await others(s, one.appointment))[0] for one in (given_back, begun, past)]
    await s.ask(CANCEL, OfAppointment(appointment=given_back.appointment), as_="maria-lopez")
    await s.handled("booking", await s.publish(started(begun, MARIA)))
    await s.fetch(
        "booking",
        "UPDATE appointment SET start_at = now() - interval '1 h', end_at = now() WHERE id = $1",
        past.appointment,
    )
    for one, offer, refusal in zip((given_back, begun, past), offers, (GivenBack, Begun, Past), strict=True):
        with pytest.raises(refusal):
            await move(s, one.appointment, offer)
        with pytest.raises(refusal):
            await others(s, one.appointment)
    await s.handled("booking", await s.publish(ended(begun, MARIA)))
    with pytest.raises(Begun):
        await move(s, begun.appointment, offers[1])


async def test_to_strangers_there_is_nothing_to_move(s: Stack) -> None:
    booked = await booked_at(s)
    offer = (await others(s, booked.appointment))[0]
    elsewhere = s.token("fern-dale", teams=[f"front-desk:{DENVER}"])
    for stranger in ("jonas-weber", "aisha-khan"):
        for appointment in (booked.appointment, uuid4()):
            with pytest.raises(NoSuchAppointment):
                await move(s, appointment, offer, stranger)
            with pytest.raises(NoSuchAppointment):
                await others(s, appointment, stranger)
    with pytest.raises(NoSuchAppointment):
        await move(s, booked.appointment, offer, token=elsewhere)
    with pytest.raises(NoSuchAppointment):
        await others(s, booked.appointment, token=elsewhere)
    with pytest.raises(NoSuchAppointment):
        await others(s, booked.appointment, patient=SAMIRA)
    with pytest.raises(NotFound):
        await s.ask(FIND_OFFERS, FindOffers(reason="a rash", patient=MARIA), as_="fern-dale")


async def test_the_front_desk_moves_it_by_when_and_where_and_is_told_no_words(s: Stack) -> None:
    words = "chest pain since this morning"
    booked = await take(s, await first(s, reason=words, clinician=AMARA, earliest=s.clock() + timedelta(hours=3)))
    desk = s.token("fern-dale", teams=[f"front-desk:{booked.office}"])
    found = await s.ask(FIND_OFFERS, FindOffers(instead_of=booked.appointment), token=desk)
    assert found.emergency is None
    assert words not in repr(found)
    own = await s.ask(FIND_OFFERS, FindOffers(instead_of=booked.appointment), as_="maria-lopez")
    assert own.emergency is not None
    done = await move(s, booked.appointment, found.offers[0], token=desk)
    assert (await seen(s, booked)).reason == words
    assert await s.fetchval("booking", "SELECT moved_by FROM appointment") == s.person("fern-dale")
    assert done.sequence == 1


async def test_a_proxy_moves_it_for_the_patient(s: Stack) -> None:
    booked = await take(s, await first(s, "aisha-khan", patient=SAMIRA), "aisha-khan")
    assert (await moved(s, booked.appointment, "aisha-khan")).sequence == 1


async def attempt(asked: Any) -> object:
    try:
        return await asked
    except Refusal as refusal:
        return type(refusal)


async def test_of_several_moves_at_once_one_wins_and_the_others_are_told(s: Stack) -> None:
    booked = await booked_at(s)
    offers = (await others(s, booked.appointment))[:6]
    answers = await asyncio.gather(*(attempt(move(s, booked.appointment, offer)) for offer in offers))
    (won,) = [answer for answer in answers if answer is not MovedMeanwhile]
    assert (await where(s, booked))[0] == won.start  # type: ignore[attr-defined]
    assert await s.fetchval("booking", "SELECT sequence FROM appointment") == 1
    await s.quiet()
    told = [got for got in await s.events(AppointmentRescheduled) if got.event.appointment == booked.appointment]
    assert len(told) == 1


async def test_a_move_and_a_cancellation_at_once_leave_it_moved_or_cancelled(s: Stack) -> None:
    for round_ in range(4):
        booked = await booked_at(s, 3 + round_)
        offer = (await others(s, booked.appointment, earliest=booked.end))[0]
        give_back = s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
        went, back = await asyncio.gather(attempt(move(s, booked.appointment, offer)), attempt(give_back))
        now = await seen(s, booked)
        assert now.status is AppointmentStatus.CANCELLED
        assert back is not NotCancellable
        assert now.start == (booked.start if went is GivenBack else offer.start)


async def test_two_that_move_to_one_time_do_not_wait_for_each_other_for_ever(s: Stack) -> None:
    mine = await booked_at(s, 3)
    theirs = await booked_at(s, 4, "aisha-khan")
    at = mine.start + timedelta(hours=6)
    wanted: dict[str, Any] = {
        "clinician": BEN,
        "earliest": at,
        "latest": at + timedelta(hours=1),
        "kind": VisitKind.OFFICE,
    }
    my_offer = (await others(s, mine.appointment, **wanted))[0]
    their_offer = (await others(s, theirs.appointment, "aisha-khan", **wanted))[0]
    assert my_offer.start == their_offer.start
    began = datetime.now(UTC)
    answers = await asyncio.gather(
        attempt(move(s, mine.appointment, my_offer)),
        attempt(move(s, theirs.appointment, their_offer, "aisha-khan")),
    )
    assert answers.count(SlotTaken) == 1
    assert datetime.now(UTC) - began < timedelta(seconds=5)


async def test_of_many_that_move_to_one_time_one_gets_it_and_the_others_are_refused_at_once(s: Stack) -> None:
    booked = await booked_at(s)
    db = s.ground("booking").db
    async with db.reading() as tx:
        row = await appointments.find(tx, booked.appointment)
        assert row is not None
    to = s.clock().replace(microsecond=0) + timedelta(days=3)
    for round_ in range(5):
        crowd = [uuid4() for _ in range(24)]
        await s.fetch("booking", CROWD, booked.appointment, crowd, timedelta(days=10 + round_))
        at = to + timedelta(hours=round_)

        async def go(id_: UUID, at: datetime = at) -> object:
            moved_row = replace(row, id=id_, patient=id_, start=at, end=at + timedelta(minutes=20))
            async with db.transaction() as tx:
                await moves.move(tx, moved_row, s.clock(), id_)
            return "moved"

        answers = await asyncio.gather(*(attempt(go(id_)) for id_ in crowd))
        assert (answers.count("moved"), answers.count(SlotTaken)) == (1, len(crowd) - 1)


CROWD = """
INSERT INTO appointment (id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents, relationship,
                         status, author, sealed, booked_by, booked_at)
SELECT c.id, c.id, c.id, office, kind, start_at + $3, end_at + $3, time_zone, price_cents, relationship, status, author,
       sealed, booked_by, booked_at
  FROM appointment, unnest($2::uuid[]) AS c (id) WHERE appointment.id = $1
"""
