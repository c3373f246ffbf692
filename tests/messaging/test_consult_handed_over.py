"""A consult taken over: who sees to it now answers it, prescribes and gives the plan."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from baton_events.messaging import ConsultEnding, PlanGiven
from shared.errors import Refusal
from shared.requests import consults as ask
from shared.requests import corrections, custody, messaging, pharmacy
from shared.requests.people import About
from tests.messaging.consulting import BEN, CHEN, DANA, MARIA, SERVICES, begun, decline, plan, shown
from tests.messaging.people import ALARM, join, told, wanted
from tests.pharmacy.playing import playing

if TYPE_CHECKING:
    from tests.support.stack import Open


async def test_handed_over_the_next_clinician_answers_prescribes_and_treats(stack: Open) -> None:
    async with playing(opened=False) as pharmacies, stack(*SERVICES, "pharmacy", variables=pharmacies.variables) as s:
        done = await begun(s)
        assert done.thread is not None
        over = custody.HandOver(thread=done.thread, to_person=s.person(DANA), reason="going off shift")
        await s.ask(custody.HAND_OVER, over, as_=BEN)
        with pytest.raises(Refusal, match="no-such-consult"):
            await plan(s, done.consult, by=BEN)
        await s.quiet()
        sign = pharmacy.SignPrescription(
            patient=s.person(MARIA), medication="naproxen-500", dosage="x", quantity=1, refills=0
        )
        for who in (DANA, BEN):
            await s.ask(pharmacy.SIGN, sign, as_=who)
        with pytest.raises(Refusal):
            await s.ask(pharmacy.SIGN, sign, as_=CHEN)
        await s.ask(messaging.SEND, messaging.Send(thread=done.thread, text="I have taken over"), as_=DANA)
        seen = await shown(s, done.consult)
        assert seen.sees_to_it is not None
        assert (seen.chosen.name, seen.sees_to_it.name, seen.status) == ("Ben Whitfield", "Dana Reyes", "answered")
        mine = await s.ask(ask.MY_CONSULTS, ask.OfClinician(), as_=DANA)
        assert [one.consult for one in mine.consults] == [done.consult]
        await plan(s, done.consult, by=DANA)
        await s.quiet()
        assert [got.event.clinician for got in await s.events(PlanGiven)] == [s.person(DANA)]


async def test_given_back_before_a_word_was_written_it_waits_for_the_team_and_one_of_them_takes_it(stack: Open) -> None:
    async with stack(*SERVICES, "handoffs") as s:
        done = await begun(s)
        assert done.thread is not None
        of_it = messaging.OfThread(thread=done.thread)
        assert (await s.ask(custody.INBOX, custody.AskInbox(), as_=DANA)).threads == []
        with pytest.raises(Refusal, match="no-such-thread"):
            await s.ask(custody.CLAIM, of_it, as_=DANA)
        await s.ask(custody.RELEASE, of_it, as_=BEN)
        [line] = (await s.ask(custody.INBOX, custody.AskInbox(), as_=DANA)).threads
        assert (line.thread, line.assigned, line.due, line.opens) == (done.thread, None, done.answer_due, False)
        with pytest.raises(Refusal, match="no-such-thread"):
            await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=done.thread), as_=DANA)
        with pytest.raises(Refusal, match="nothing-to-answer"):
            await s.ask(messaging.REPLY_NOT_NEEDED, of_it, as_=BEN)
        await s.ask(custody.CLAIM, of_it, as_=DANA)
        assert (await s.ask(custody.INBOX, custody.AskInbox(), as_=CHEN)).threads == []
        await s.ask(messaging.SEND, messaging.Send(thread=done.thread, text="I look after you"), as_=DANA)
        await s.quiet()
        held = await s.fetch(
            "handoffs",
            "SELECT h.state, c.owner, c.accepted_by FROM handoff h JOIN custody c ON c.handoff = h.id"
            " WHERE h.case_id = $1 ORDER BY c.number",
            done.consult,
        )
        assert [tuple(row) for row in held] == [
            ("closed", f"clinician:{s.person(BEN)}", None),
            ("closed", "team:care", s.person(DANA)),
        ]


async def test_the_answer_to_a_request_is_not_taken_back_without_another(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        done = await begun(s)
        assert done.thread is not None
        asking = messaging.Send(thread=done.thread, text="since when?")
        first, second = [await s.ask(messaging.SEND, asking, as_=BEN) for _ in range(2)]
        await s.ask(corrections.RETRACT, corrections.OfMessage(message=first.message), as_=BEN)
        with pytest.raises(Refusal, match="still-owed"):
            await s.ask(corrections.RETRACT, corrections.OfMessage(message=second.message), as_=BEN)
        await plan(s, done.consult)
        await s.ask(corrections.RETRACT, corrections.OfMessage(message=second.message), as_=BEN)


async def test_who_joins_a_patient_whose_consult_was_declined_meanwhile_can_write_to_them(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        done = await begun(s)
        assert done.thread is not None
        alarm = messaging.Send(thread=done.thread, text=ALARM)
        sent = await s.ask(messaging.SEND, alarm, as_=MARIA)
        assert sent.emergency is not None
        await decline(s, done.consult)
        joined = await join(s, sent.emergency.request, DANA)
        assert joined.thread != done.thread
        await s.ask(messaging.SEND, messaging.Send(thread=joined.thread, text="I am here"), as_=DANA)
        await s.ask(messaging.SEND, messaging.Send(thread=joined.thread, text="thank you"), as_=MARIA)
        read = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=done.thread), as_=DANA)
        assert [one.text for one in read.messages] == [ALARM]
        assert await join(s, sent.emergency.request, DANA) == joined


async def test_in_the_moment_a_consult_ends_a_person_is_there_for_the_asking(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        done = await begun(s)
        assert done.thread is not None
        sent = await s.ask(messaging.SEND, messaging.Send(thread=done.thread, text=ALARM), as_=MARIA)
        assert sent.emergency is not None
        await s.ask(messaging.SEND, messaging.Send(thread=done.thread, text="call us"), as_=BEN)
        await plan(s, done.consult)
        s.clock.advance(timedelta(days=13, hours=1))
        [ending] = await s.until(lambda: s.events(ConsultEnding))
        s.clock.set(ending.event.ends + timedelta(seconds=3), still=True)
        asked = await wanted(s, MARIA, About.CARE, words="is anybody there?")
        assert asked.request == sent.emergency.request
        await join(s, asked.request, DANA)
        assert "is anybody there?" in [one.words for one in await told(s, asked.request, DANA)]
