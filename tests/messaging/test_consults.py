"""An offer taken: a consult begun, or stopped for a person or a visit."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pytest

from baton_events import Event
from baton_events.billing import QuoteLocked
from baton_events.messaging import ConsultRequested, PersonRequested, ThreadOpened
from shared.errors import NotFound, Refusal
from shared.requests import consults as ask
from shared.requests import people
from shared.requests.common import OfPatient
from shared.requests.consults import ConsultStatus
from tests.messaging.consulting import (
    AISHA,
    AMARA,
    BEN,
    CALM,
    CHEN,
    DANA,
    JONAS,
    MARIA,
    UTI,
    WORDS,
    begun,
    calm,
    lives_in,
    offer_of,
    shown,
    take,
)

if TYPE_CHECKING:
    from tests.support.stack import Stack

E = TypeVar("E", bound=Event)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("consults")]


async def said(s: Stack, kind: type[E], **about: Any) -> list[E]:
    """The events of this kind about these things."""
    await s.quiet()
    events = [got.event for got in await s.events(kind)]
    return [one for one in events if all(getattr(one, name) == value for name, value in about.items())]


async def test_a_consult_requested_has_a_price_locked_a_thread_a_clinician_and_an_answer_due(
    by_message: Stack, log: Any
) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    done = await take(s, offer)
    assert done.outcome == "requested"
    assert done.answer_due is not None
    assert abs(done.answer_due - s.clock() - timedelta(hours=4)) < timedelta(minutes=1)
    (event,) = await said(s, ConsultRequested, consult=done.consult)
    assert (event.consult, event.thread, event.clinician) == (done.consult, done.thread, s.person(BEN))
    assert (event.answer_owner, event.quote) == (f"clinician:{s.person(BEN)}", offer.offer)
    assert len(await said(s, QuoteLocked, quote=offer.offer)) == 1
    assert [one.thread_kind for one in await said(s, ThreadOpened, thread=done.thread)] == ["consult"]
    seen = await shown(s, done.consult)
    assert (seen.condition, seen.status, seen.quote) == (UTI, ConsultStatus.REQUESTED, offer.offer)
    assert (seen.chosen.name, seen.chosen.credential, seen.chosen.licensed_in) == ("Ben Whitfield", "MD", ["CA"])
    assert seen.sees_to_it == seen.chosen
    told = {one.asks: one.said for one in seen.told}
    assert told["What bothers you?"] == "Burning when I pee; Needing to go often"
    assert told["For how many days?"] == "2 days"
    assert told["Have you had a fever or shaking chills?"] == "No"
    assert await shown(s, done.consult, BEN) == seen
    mine = await s.ask(ask.MY_CONSULTS, ask.OfClinician(), as_=BEN)
    assert (done.consult, done.answer_due) in {(one.consult, one.answer_due) for one in mine.consults}
    theirs = await s.ask(ask.CONSULTS, OfPatient(patient=s.person(MARIA)), as_=AMARA)
    newest = theirs.consults[0]
    assert (newest.consult, newest.condition, newest.status) == (done.consult, UTI, "requested")
    for canary in (WORDS, UTI, "Urinary", "burning"):
        assert canary.encode() not in await kept(s)
        assert canary not in log.getvalue()


async def kept(s: Stack) -> bytes:
    """Everything that rests of consults, as bytes."""
    tables = ("consult", "consult_offer", "audit", "idempotency", "outbox")
    rows = [row for table in tables for row in await s.fetch("messaging", f"SELECT * FROM {table}")]  # noqa: S608
    values = [value for row in rows for value in row.values()]
    return b"".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


async def test_strangers_find_no_consult_and_no_offer(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    with pytest.raises(Refusal, match="no-such-offer"):
        await take(s, offer, JONAS)
    with pytest.raises(Refusal, match="no-such-offer"):
        await take(s, uuid4())
    done = await take(s, offer)
    for who in (JONAS, AISHA, CHEN, DANA):
        with pytest.raises(Refusal, match="no-such-consult"):
            await shown(s, done.consult, who)
    for who in (AMARA, CHEN):
        for command in (
            s.ask(ask.GIVE_PLAN, ask.GivePlan(consult=done.consult, version=1, diagnosis="x", plan="x"), as_=who),
            s.ask(ask.DECLINE, ask.Decline(consult=done.consult, reason="x"), as_=who),
        ):
            with pytest.raises(Refusal, match="no-such-consult"):
                await command
    for operation, wanted in (
        (ask.WITHDRAW, ask.OfConsult(consult=done.consult)),
        (ask.ACKNOWLEDGE, ask.Acknowledge(consult=done.consult, version=1)),
    ):
        with pytest.raises(Refusal, match="no-such-consult"):
            await s.ask(operation, wanted, as_=JONAS)
    with pytest.raises(NotFound):
        await s.ask(ask.CONSULTS, OfPatient(patient=s.person(MARIA)), as_=CHEN)
    assert (await s.ask(ask.MY_CONSULTS, ask.OfClinician(), as_=CHEN)).consults == []


async def test_an_offer_is_taken_once_by_whom_it_was_made_for_before_it_lapses(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    with pytest.raises(Refusal, match="answers-missing") as refused:
        await take(s, offer, answers={name: said for name, said in CALM.items() if name != "days"})
    assert refused.value.members["missing"] == ["days"]
    racing = await asyncio.gather(*(take(s, offer) for _ in range(4)), return_exceptions=True)
    won = [one for one in racing if isinstance(one, ask.ConsultAsked)]
    lost = [one for one in racing if isinstance(one, Refusal)]
    assert (len(won), {one.code for one in lost}) == (1, {"consult-offer-used"})
    again = await offer_of(s, BEN)
    repeated = await asyncio.gather(*(take(s, again, key="one-and-the-same") for _ in range(4)))
    assert len({one.consult for one in repeated}) == 1
    assert await take(s, again, key="one-and-the-same") == repeated[0]
    late = await offer_of(s, BEN)
    s.clock.advance(timedelta(minutes=30))
    with pytest.raises(Refusal, match="consult-offer-lapsed"):
        await take(s, late)
    for one, times in ((offer, 1), (again, 1), (late, 0)):
        for kind in (ConsultRequested, QuoteLocked):
            assert len(await said(s, kind, quote=one.offer)) == times


async def test_age_state_and_licence_are_looked_at_again_when_the_offer_is_taken(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    await s.as_owner("directory", f"UPDATE licence SET ended_at = now() WHERE staff = '{s.person(BEN)}'")  # noqa: S608
    with pytest.raises(Refusal, match="provider-not-licensed"):
        await take(s, offer)
    await lives_in(s, "AK")
    with pytest.raises(Refusal, match="not-treated-by-message") as refused:
        await take(s, offer)
    assert refused.value.members["visit"]["visit_type"] == "urinary"
    assert await said(s, QuoteLocked, quote=offer.offer) == []
    await lives_in(s, "CA")
    await s.as_owner("directory", f"UPDATE licence SET ended_at = NULL WHERE staff = '{s.person(BEN)}'")  # noqa: S608


async def test_a_red_flag_stops_the_consult_calls_a_person_and_costs_nothing(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    done = await take(s, offer, answers={"vomiting": True}, key="stopped")
    assert (done.outcome, done.answer_due) == ("red-flag", None)
    assert done.person_request is not None
    assert done.join_due is not None
    assert abs(done.join_due - s.clock() - timedelta(minutes=5)) < timedelta(minutes=1)
    assert await take(s, offer, answers={"vomiting": True}, key="stopped") == done
    with pytest.raises(Refusal, match="consult-offer-used"):
        await take(s, offer)
    called = await said(s, PersonRequested, request=done.person_request)
    assert [one.join_owner for one in called] == ["team:clinicians-on-call"]
    assert await said(s, QuoteLocked, quote=offer.offer) == []
    assert await said(s, ConsultRequested, consult=done.consult) == []
    seen = await shown(s, done.consult)
    assert (seen.status, seen.thread, seen.stopped[0].code) == (ConsultStatus.STOPPED, None, "vomiting")
    with pytest.raises(Refusal, match="no-such-consult"):
        await shown(s, done.consult, DANA)
    await s.ask(people.JOIN_PERSON, people.OfRequest(request=done.person_request), as_=DANA)
    assert {one.code: one.said for one in (await shown(s, done.consult, DANA)).told} == {"vomiting": "Yes"}
    with pytest.raises(Refusal, match="consult-not-open"):
        await s.ask(ask.WITHDRAW, ask.OfConsult(consult=done.consult), as_=MARIA)


async def test_what_does_not_suit_a_message_is_offered_a_visit_and_costs_nothing(by_message: Stack) -> None:
    s = by_message
    before = [len(await said(s, kind)) for kind in (QuoteLocked, PersonRequested, ThreadOpened)]
    done = await take(s, await offer_of(s, BEN), answers=CALM | {"pregnant": True})
    assert (done.outcome, done.thread, done.person_request) == ("unsuitable", None, None)
    seen = await shown(s, done.consult)
    assert seen.visit is not None
    assert (seen.visit.visit_type, seen.visit.price_cents, seen.stopped[0].offers) == ("urinary", 4900, "visit")
    assert [len(await said(s, kind)) for kind in (QuoteLocked, PersonRequested, ThreadOpened)] == before


async def test_a_request_broken_off_after_the_price_was_locked_is_taken_up_again(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    await s.as_owner("messaging", "ALTER TABLE consult ADD CONSTRAINT broken CHECK (status <> 'requested') NOT VALID")
    with pytest.raises(Refusal, match="internal"):
        await take(s, offer)
    await s.as_owner("messaging", "ALTER TABLE consult DROP CONSTRAINT broken")
    done = await take(s, offer)
    (event,) = await said(s, ConsultRequested, quote=offer.offer)
    assert event.consult == done.consult
    assert len(await said(s, QuoteLocked, quote=offer.offer)) == 1
    stands = "SELECT count(*) FROM relationship WHERE id = $1 AND confirmed_at IS NOT NULL"
    assert await s.fetchval("directory", stands, event.relationship) == 1


async def test_a_renewal_is_a_consult_too(by_message: Stack) -> None:
    s = by_message
    answers = await calm(s, "birth-control", "")
    done = await take(s, await offer_of(s, AMARA, condition="birth-control"), answers=answers)
    assert done.outcome == "requested"
    assert (await shown(s, done.consult)).condition_name == "Birth control renewal"


async def test_every_look_at_a_consult_is_on_record(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    await shown(s, done.consult, BEN)
    looks = "SELECT count(*) FROM audit WHERE operation = $1 AND object = $2 AND actor = $3 AND action = $4"
    who = str(s.person(BEN))
    assert await s.fetchval("messaging", looks, ask.CONSULT.subject, done.consult, who, "read") == 1
    maria = str(s.person(MARIA))
    assert await s.fetchval("messaging", looks, ask.REQUEST_CONSULT.subject, done.consult, maria, "write") == 1
