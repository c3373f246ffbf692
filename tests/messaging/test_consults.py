"""Conditions treated by message, from the catalogue to the consult that is begun or stopped."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from baton_events import Event
from baton_events.billing import QuoteLocked
from baton_events.messaging import ConsultRequested, PersonRequested, ThreadOpened
from shared.errors import Forbidden, Invalid, NotFound, Refusal, TooLarge
from shared.requests import consults as ask
from shared.requests import people
from shared.requests.common import OfPatient
from shared.requests.consults import ConsultStatus, Quantity
from tests.messaging.consulting import (
    AISHA,
    AMARA,
    BEN,
    CALM,
    CHEN,
    DANA,
    JONAS,
    MARIA,
    SAMIRA,
    UTI,
    WORDS,
    begun,
    offer_of,
    providers,
    shown,
    take,
)

if TYPE_CHECKING:
    from tests.support.stack import Stack

E = TypeVar("E", bound=Event)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("consults")]


async def lives_in(s: Stack, state: str, patient: str = MARIA) -> None:
    await s.as_owner("directory", f"UPDATE patient SET state = '{state}' WHERE id = '{s.person(patient)}'")  # noqa: S608


async def said(s: Stack, kind: type[E], **about: Any) -> list[E]:
    """The events of this kind about these things."""
    await s.quiet()
    events = [got.event for got in await s.events(kind)]
    return [one for one in events if all(getattr(one, name) == value for name, value in about.items())]


async def check(s: Stack, answers: dict[str, ask.Given], by: str = MARIA, **more: Any) -> ask.IntakeStanding:
    wanted = ask.CheckIntake(**{"patient": s.person(by), "condition": UTI, "answers": answers, **more})
    return await s.ask(ask.CHECK_INTAKE, wanted, as_=by)


async def test_the_catalogue_says_the_price_where_the_patient_is_and_why_something_is_not_for_them(
    by_message: Stack,
) -> None:
    s = by_message
    maria = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert len(maria.conditions) >= 20
    assert [one.name for one in maria.conditions] == sorted(one.name for one in maria.conditions)
    uti = next(one for one in maria.conditions if one.condition == UTI)
    assert (uti.message_price_from_cents, uti.visit_price_cents, uti.not_for) == (3500, 4900, [])
    renewals = {one.condition for one in maria.conditions if one.kind == "renewal"}
    assert {"asthma", "hypothyroidism", "birth-control"} <= renewals
    old = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(SAMIRA)), as_=AISHA)
    uti = next(one for one in old.conditions if one.condition == UTI)
    assert (uti.message_price_from_cents, uti.not_for) == (None, ["too-old"])
    await lives_in(s, "AK")
    away = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert {tuple(one.not_for) for one in away.conditions} == {("state",)}
    await lives_in(s, "WI")
    unmanned = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert {tuple(one.not_for) for one in unmanned.conditions} == {("nobody-there",)}
    with pytest.raises(NotFound):
        await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=JONAS)
    with pytest.raises(Forbidden):
        await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=AMARA)
    await lives_in(s, "CA")


async def test_somebody_is_of_age_on_the_morning_of_their_birthday_where_they_live(by_message: Stack) -> None:
    s = by_message
    here = s.clock().astimezone(ZoneInfo("America/Los_Angeles"))
    tomorrow = here.date() + timedelta(days=1)
    born = tomorrow.replace(year=tomorrow.year - 18)
    await s.as_owner(
        "directory",
        f"UPDATE patient SET birth_date = '{born}' WHERE id = '{s.person(MARIA)}'",  # noqa: S608
    )
    assert (await providers(s)).not_for == ["too-young"]
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=1)
    s.clock.set(midnight)
    found = await providers(s)
    assert found.not_for == []
    assert found.offers
    await s.as_owner(
        "directory",
        f"UPDATE patient SET birth_date = '1984-03-12' WHERE id = '{s.person(MARIA)}'",  # noqa: S608
    )


async def test_the_form_asks_on_stops_at_a_red_flag_and_keeps_nothing(by_message: Stack, log: Any) -> None:
    s = by_message
    before = await s.fetchval("messaging", "SELECT count(*) FROM consult")
    first = await check(s, {})
    assert first.outcome == "asking"
    assert "temperature" not in {one.code for one in first.ask}
    assert next(one for one in first.ask if one.code == "days").unit == "days"
    hot = await check(s, {"fever": True, "measured": True, "temperature": Quantity(103, "°F")})
    assert (hot.outcome, hot.offers, hot.ask) == ("red-flag", "person", [])
    assert "needs care" in hot.stopped[0].says or "need care" in hot.stopped[0].says
    faint = await check(s, {"confused": True})
    assert faint.emergency is not None
    assert faint.offers == "emergency"
    done = await check(s, CALM)
    assert (done.outcome, [one.code for one in done.ask]) == ("complete", ["anything-else"])
    words = await check(s, CALM | {"anything-else": "I have crushing chest pain right now"})
    assert words.emergency is not None
    bloody = await check(s, CALM | {"blood": True})
    assert (bloody.outcome, bloody.offers, bloody.visit.visit_type) == ("unsuitable", "visit", "urinary")
    for wrong, code in (
        ({"fever": "yes"}, "answers-wrong"),
        ({"nonsense": True}, "answers-wrong"),
        ({"days": Quantity(2, "weeks")}, "answers-wrong"),
    ):
        with pytest.raises(Refusal, match=code):
            await check(s, wrong)
    with pytest.raises(Refusal, match="unknown-condition"):
        await check(s, {}, condition="gout")
    with pytest.raises(NotFound):
        await check(s, {}, by=JONAS, patient=s.person(MARIA))
    assert await s.fetchval("messaging", "SELECT count(*) FROM consult") == before
    assert WORDS not in log.getvalue()


async def test_ten_thousand_answers_are_refused_quickly(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    many: dict[str, ask.Given] = {f"q{number}": True for number in range(10_000)}
    began = time.perf_counter()
    for answers, refused in (
        (many, TooLarge),
        (dict(list(many.items())[:3_000]), Invalid),
        (dict(list(many.items())[:40]), Invalid),
        ({"medicines": "x" * 70_000}, TooLarge),
    ):
        with pytest.raises(refused):
            await take(s, offer, answers=answers)
        with pytest.raises(refused):
            await check(s, answers)
    assert time.perf_counter() - began < 2.0


async def test_only_those_licensed_where_the_patient_is_are_offered_their_own_first_each_at_a_price(
    by_message: Stack,
) -> None:
    s = by_message
    found = await providers(s)
    who = [(one.name, one.credential, one.price_cents, one.own) for one in found.offers]
    assert who == [
        ("Amara Okafor", "MD", 3900, True),
        ("Dana Reyes", "PA", 3500, False),
        ("Ben Whitfield", "MD", 3900, False),
    ]
    assert all("CA" in one.licensed_in for one in found.offers)
    assert found.visit.price_cents == 4900
    denver = await providers(s, JONAS, "acne")
    assert [one.name for one in denver.offers] == ["Chen Liu", "Dana Reyes", "Amara Okafor"]
    await lives_in(s, "TX")
    assert [one.name for one in (await providers(s)).offers] == ["Dana Reyes"]
    await lives_in(s, "CA")
    proxied = await providers(s, SAMIRA, "acne", by=AISHA)
    assert (proxied.not_for, proxied.offers) == (["too-old"], [])
    assert proxied.visit.visit_type == "skin"
    for wrong, refused in (
        ({"condition": "gout"}, "unknown-condition"),
        ({"condition": None}, "unknown-condition"),
    ):
        with pytest.raises(Refusal, match=refused):
            await providers(s, **wrong)
    with pytest.raises(NotFound):
        await providers(s, MARIA, by=JONAS)
    with pytest.raises(Refusal, match="no-such-consult"):
        await providers(s, instead_of=uuid4())


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
    calm: dict[str, ask.Given] = {}
    for _ in range(20):
        stands = await check(s, calm, condition="birth-control")
        if stands.outcome != "asking":
            break
        calm |= {one.code: quiet(one) for one in stands.ask if not one.optional}
    assert stands.outcome == "complete", stands
    done = await take(s, await offer_of(s, AMARA, condition="birth-control"), answers=calm)
    assert done.outcome == "requested"
    assert (await shown(s, done.consult)).condition_name == "Birth control renewal"


def quiet(question: ask.QuestionShown) -> ask.Given:
    """An answer that raises no flag in the form of the renewal."""
    special: dict[str, ask.Given] = {
        "prescribed": True,
        "method": "progestin",
        "alarms": ["none"],
        "last-taken": Quantity(0, "weeks"),
    }
    return special.get(question.code, False if question.type == "yes-no" else "none")


async def test_every_look_at_a_consult_is_on_record(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    await shown(s, done.consult, BEN)
    looks = "SELECT count(*) FROM audit WHERE operation = $1 AND object = $2 AND actor = $3 AND action = $4"
    who = str(s.person(BEN))
    assert await s.fetchval("messaging", looks, ask.CONSULT.subject, done.consult, who, "read") == 1
    maria = str(s.person(MARIA))
    assert await s.fetchval("messaging", looks, ask.REQUEST_CONSULT.subject, done.consult, maria, "write") == 1
