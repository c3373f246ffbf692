"""A consult under way: answered, treated by a plan in versions, declined, withdrawn, handed over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.billing import ChargeRecorded, QuoteVoided
from baton_events.codes import ThreadKind
from baton_events.messaging import (
    ConsultAnswered,
    ConsultDeclined,
    ConsultWithdrawn,
    PersonRequested,
    PlanAcknowledged,
    PlanGiven,
    ThreadClosed,
)
from shared.errors import Forbidden, Refusal
from shared.requests import consults as ask
from shared.requests import messaging, people
from shared.requests.consults import ConsultStatus
from tests.messaging.consulting import (
    AISHA,
    AMARA,
    BEN,
    CHEN,
    DANA,
    DIAGNOSIS,
    JONAS,
    MARIA,
    PLAN,
    SAMIRA,
    STEPS,
    begun,
    calm,
    decline,
    offer_of,
    plan,
    providers,
    shown,
    take,
)
from tests.messaging.uploading import content_of, uploaded

if TYPE_CHECKING:
    from tests.support.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("consults")]


async def say(s: Stack, thread: UUID | None, by: str, text: str = "how long has it hurt?") -> None:
    assert thread is not None
    await s.ask(messaging.SEND, messaging.Send(thread=thread, text=text), as_=by)


async def acknowledge(s: Stack, consult: UUID, version: int, by: str = MARIA) -> ask.ConsultState:
    return await s.ask(ask.ACKNOWLEDGE, ask.Acknowledge(consult=consult, version=version), as_=by)


async def withdraw(s: Stack, consult: UUID, by: str = MARIA) -> ask.ConsultState:
    return await s.ask(ask.WITHDRAW, ask.OfConsult(consult=consult), as_=by)


async def told(s: Stack, kind: type[Any], *consults: UUID, **about: Any) -> list[Any]:
    """The events of this kind about these consults, or these other things."""
    await s.quiet()
    events = [got.event for got in await s.events(kind)]
    found = [one for one in events if not consults or one.consult in consults]
    return [one for one in found if all(getattr(one, name) == value for name, value in about.items())]


async def test_the_first_message_of_who_sees_to_it_is_the_answer_and_questions_go_back_and_forth(
    by_message: Stack,
) -> None:
    s = by_message
    done = await begun(s)
    await say(s, done.thread, MARIA, "one more thing")
    await say(s, done.thread, AMARA, "her own doctor looks in")
    assert (await shown(s, done.consult)).status is ConsultStatus.REQUESTED
    await say(s, done.thread, BEN)
    await say(s, done.thread, MARIA, "two days")
    await say(s, done.thread, BEN, "thank you")
    seen = await shown(s, done.consult)
    assert seen.status is ConsultStatus.ANSWERED
    assert seen.answered_at is not None
    assert [one.clinician for one in await told(s, ConsultAnswered, done.consult)] == [s.person(BEN)]


async def test_a_consult_has_no_thread_without_it_and_its_thread_is_not_closed_from_outside(
    by_message: Stack,
) -> None:
    s = by_message
    wanted = messaging.OpenThread(patient=s.person(MARIA), kind=ThreadKind.CONSULT)
    with pytest.raises(Refusal, match="consult-is-requested"):
        await s.ask(messaging.OPEN_THREAD, wanted, as_=MARIA)
    done = await begun(s)
    assert done.thread is not None
    with pytest.raises(Refusal, match="consult-ends-by-itself"):
        await s.ask(messaging.CLOSE_THREAD, messaging.OfThread(thread=done.thread), as_=BEN)


async def test_photos_go_to_the_thread_and_to_whoever_takes_the_place_of_who_declined(by_message: Stack) -> None:
    s, patient = by_message, by_message.person(MARIA)
    mine, theirs = await uploaded(s, MARIA, patient=patient), await uploaded(s, AMARA, patient=patient)
    answers = await calm(s, "eczema", str(mine))
    offer = await offer_of(s, BEN, condition="eczema")
    for wrong in (str(theirs), str(uuid4())):
        with pytest.raises(Refusal, match="no-such-attachment"):
            await take(s, offer, answers=answers | {"photos": [wrong]})
    done = await take(s, offer, answers=answers)
    assert await content_of(s, mine, BEN) == await content_of(s, mine, MARIA)
    with pytest.raises(Refusal, match="no-such-attachment"):
        await content_of(s, mine, CHEN)
    await decline(s, done.consult)
    dana = await offer_of(s, DANA, condition=None, instead_of=done.consult)
    await take(s, dana, answers=None)
    assert await content_of(s, mine, DANA)


async def test_a_plan_is_versioned_acknowledged_charged_once_and_an_answer(by_message: Stack, log: Any) -> None:
    s = by_message
    done = await begun(s)
    with pytest.raises(Refusal, match="consult-not-open"):
        await acknowledge(s, done.consult, 1)
    for version in (2, 999):
        with pytest.raises(Refusal, match="plan-version-taken") as refused:
            await plan(s, done.consult, version)
        assert refused.value.members["newest"] == 0
    first = await plan(s, done.consult)
    assert (first.status, first.version) == (ConsultStatus.TREATED, 1)
    assert (await acknowledge(s, done.consult, 1)).version == 1
    await plan(s, done.consult, 2, plan="Fosfomycin once", steps=[])
    for stale in (1, 3):
        with pytest.raises(Refusal, match="plan-superseded") as refused:
            await acknowledge(s, done.consult, stale)
        assert refused.value.members["newest"] == 2
    assert await acknowledge(s, done.consult, 2) == await acknowledge(s, done.consult, 2)
    seen = await shown(s, done.consult)
    newest, oldest = seen.plans
    assert (newest.version, newest.plan, newest.steps, newest.acknowledged_by) == (
        2, "Fosfomycin once", [], s.person(MARIA),
    )  # fmt: skip
    assert (oldest.diagnosis, oldest.plan, oldest.steps, oldest.author) == (DIAGNOSIS, PLAN, STEPS, s.person(BEN))
    assert seen.window is not None
    assert seen.window.ends_at is not None
    assert seen.window.ends_at - s.clock() > timedelta(days=13, hours=23)
    assert [one.version for one in (await shown(s, done.consult, before=2)).plans] == [1]
    assert [one.version for one in await told(s, PlanGiven, done.consult)] == [1, 2]
    assert [one.version for one in await told(s, PlanAcknowledged, done.consult)] == [1, 2]
    assert len(await told(s, ConsultAnswered, done.consult)) == 1
    assert len(await told(s, ChargeRecorded, quote=seen.quote)) == 1
    for refused_now in (decline(s, done.consult), withdraw(s, done.consult)):
        with pytest.raises(Refusal, match="consult-not-open"):
            await refused_now
    with pytest.raises(Forbidden):
        await plan(s, done.consult, 3, MARIA)
    rows = await s.fetch("messaging", "SELECT sealed FROM consult_plan")
    assert not any(DIAGNOSIS.encode() in row["sealed"] for row in rows)
    assert DIAGNOSIS not in log.getvalue()


async def test_of_two_plans_at_once_and_of_two_declines_one_is_kept(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    plans = await asyncio.gather(*(plan(s, done.consult) for _ in range(3)), return_exceptions=True)
    assert sorted(getattr(one, "code", "kept") for one in plans) == ["kept", *["plan-version-taken"] * 2]
    other = await begun(s)
    declines = await asyncio.gather(*(decline(s, other.consult) for _ in range(3)), return_exceptions=True)
    assert sorted(getattr(one, "code", "kept") for one in declines) == [*["consult-not-open"] * 2, "kept"]
    third = await begun(s)
    either = await asyncio.gather(plan(s, third.consult), withdraw(s, third.consult), return_exceptions=True)
    assert sorted(getattr(one, "code", "kept") for one in either) == ["consult-not-open", "kept"]
    assert len(await told(s, ConsultDeclined, other.consult)) == 1
    given = len(await told(s, PlanGiven, third.consult))
    assert given + len(await told(s, ConsultWithdrawn, third.consult)) == 1
    quote = (await shown(s, third.consult)).quote
    assert len(await told(s, ChargeRecorded, quote=quote)) == given


async def test_a_plan_takes_a_licence_where_the_patient_is_now(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    await s.as_owner("directory", f"UPDATE patient SET state = 'CO' WHERE id = '{s.person(MARIA)}'")  # noqa: S608
    with pytest.raises(Refusal, match="provider-not-licensed"):
        await plan(s, done.consult)
    await s.as_owner("directory", f"UPDATE patient SET state = 'CA' WHERE id = '{s.person(MARIA)}'")  # noqa: S608


async def test_a_plan_that_waits_while_the_consult_passes_on_is_not_given(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    async def waits() -> bool:
        return bool(await s.fetchval("messaging", blocked))

    async with (await s.db("messaging")).transaction() as tx:
        await tx.execute("UPDATE thread SET assigned = $2 WHERE id = $1", done.thread, s.person(DANA))
        giving = asyncio.create_task(plan(s, done.consult))
        await s.until(waits)
    with pytest.raises(Refusal, match="no-such-consult"):
        await giving
    assert (await plan(s, done.consult, by=DANA)).version == 1


async def test_declined_the_next_provider_treats_her_with_what_she_told_already(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    await decline(s, done.consult)
    seen = await shown(s, done.consult)
    assert seen.status is ConsultStatus.DECLINED
    assert seen.declined is not None
    assert (seen.declined.reason, seen.declined.offers) == ("this needs somebody who sees children", "provider")
    assert len(await told(s, ThreadClosed, thread=done.thread)) == 1
    assert [one.reason for one in await told(s, QuoteVoided, quote=seen.quote)] == ["routed-elsewhere"]
    with pytest.raises(Refusal, match="consult-over"):
        await say(s, done.thread, MARIA, "but")
    found = await providers(s, condition=None, instead_of=done.consult)
    assert [one.name for one in found.offers] == ["Amara Okafor", "Dana Reyes"]
    second = await take(s, found.offers[1], answers=None)
    assert second.outcome == "requested"
    again = await shown(s, second.consult, DANA)
    assert (again.told, again.instead_of) == (seen.told, done.consult)
    with pytest.raises(Refusal, match="consult-stands"):
        await providers(s, condition=None, instead_of=second.consult)
    await decline(s, second.consult, DANA)
    left = await providers(s, condition=None, instead_of=second.consult)
    assert [one.name for one in left.offers] == ["Amara Okafor"]
    with pytest.raises(Refusal, match="no-such-consult"):
        await providers(s, SAMIRA, by=AISHA, instead_of=done.consult)
    with pytest.raises(Refusal, match="answers-missing"):
        await take(s, await offer_of(s, AMARA), answers=None)


async def test_declined_for_a_person_or_a_visit(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    state = await decline(s, done.consult, offers="person")
    assert state.person_request is not None
    assert len(await told(s, PersonRequested, request=state.person_request)) == 1
    await s.ask(people.JOIN_PERSON, people.OfRequest(request=state.person_request), as_=DANA)
    assert (await shown(s, done.consult, DANA)).declined is not None
    other = await begun(s)
    await decline(s, other.consult, offers="visit")
    seen = await shown(s, other.consult)
    assert seen.visit is not None
    assert (seen.visit.visit_type, seen.visit.price_cents) == ("urinary", 4900)


async def test_withdrawn_by_the_patient_or_their_proxy_before_the_plan_it_costs_nothing(by_message: Stack) -> None:
    s = by_message
    await s.as_owner("directory", "UPDATE patient SET birth_date = '1970-01-01' WHERE name = 'Samira Khan'")
    done = await take(s, await offer_of(s, BEN, SAMIRA, by=AISHA), AISHA)
    assert (await shown(s, done.consult, SAMIRA)).told == (await shown(s, done.consult, AISHA)).told
    assert (await withdraw(s, done.consult, AISHA)).status is ConsultStatus.WITHDRAWN
    with pytest.raises(Refusal, match="consult-not-open"):
        await withdraw(s, done.consult, SAMIRA)
    with pytest.raises(Refusal, match="consult-not-open"):
        await plan(s, done.consult)
    quote = (await shown(s, done.consult, AISHA)).quote
    assert [one.reason for one in await told(s, QuoteVoided, quote=quote)] == ["cancelled"]


async def test_the_reply_time_shown_is_measured_on_their_own_recent_answers(by_message: Stack) -> None:
    s = by_message
    chen = s.person(CHEN)
    start = s.clock()
    for number, minutes in enumerate((10, 20, 30, 41, 300)):
        done = await begun(s, CHEN, JONAS)
        await s.fetch(
            "messaging",
            "UPDATE consult SET requested_at = $2, answered_at = $3, answered_by = $4, status = 'answered'"
            " WHERE id = $1",
            done.consult,
            start - timedelta(days=number + 1),
            start - timedelta(days=number + 1, minutes=-minutes),
            chen,
        )
    offer = await offer_of(s, CHEN, JONAS)
    assert (offer.reply_minutes, offer.measured_from) == (45, 5)
    assert "45 minutes" in offer.why
    done = await take(s, offer, JONAS)
    assert done.answer_due is not None
    assert abs(done.answer_due - s.clock() - timedelta(minutes=45)) < timedelta(minutes=1)
    assert (await offer_of(s, CHEN, JONAS)).measured_from == 5
    s.clock.advance(timedelta(hours=10))
    late = await offer_of(s, CHEN, JONAS)
    assert (late.reply_minutes, late.measured_from) == (300, 6)
    s.clock.advance(timedelta(days=87))
    assert (await offer_of(s, CHEN, JONAS)).measured_from == 3
