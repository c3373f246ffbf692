"""What a patient asks support is owed an answer, once, by whoever sees to the thread."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from baton_events.codes import HandoffName, Party, ThreadKind
from baton_events.messaging import MessageSent, QuestionAnswered, QuestionAsked, QuestionWithdrawn
from shared.requests import messaging
from shared.requests.people import Doing
from tests.messaging.people import join, wanted
from tests.messaging.test_custody import GRACE, OF_CASE, SAM, claim, hand, release, thread_of
from tests.messaging.test_threads import BEN, MARIA, send, treats


async def test_a_message_to_support_opens_one_question_and_the_answer_settles_it(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        thread = await thread_of(s, ThreadKind.SUPPORT)
        await send(s, thread, "the bill is wrong", MARIA)
        await send(s, thread, "hello?", MARIA)
        await claim(s, thread, SAM)
        await send(s, thread, "we look at it", SAM)
        await send(s, thread, "thank you", MARIA)
        await s.ask(messaging.REPLY_NOT_NEEDED, messaging.OfThread(thread=thread), as_=SAM)
        await s.quiet()
        asked = [got.event for got in await s.events(QuestionAsked)]
        first, again, thanks = asked
        assert (first.question, first.answer_due) == (again.question, again.answer_due)
        assert abs(first.answer_due - s.clock() - timedelta(hours=1)) < timedelta(minutes=1)
        assert (first.answer_owner, first.assigned) == ("team:support", None)
        assert (thanks.answer_owner, thanks.assigned) == ("team:support", s.person(SAM))
        assert thanks.question != first.question
        answered = [(got.event.question, got.event.answered_by) for got in await s.events(QuestionAnswered)]
        assert answered == [(first.question, s.person(SAM)), (thanks.question, s.person(SAM))]
        sent = [got.event for got in await s.events(MessageSent) if got.event.author_party is Party.PATIENT]
        assert {(event.reply_owner, event.reply_due) for event in sent} == {(None, None)}
        rows = await s.fetch("handoffs", "SELECT name, state, chased FROM handoff ORDER BY opened_at")
        assert [tuple(row) for row in rows] == [
            (HandoffName.SUPPORT_REPLY, "closed", 1),
            (HandoffName.SUPPORT_REPLY, "closed", 0),
        ]


async def test_the_question_goes_with_its_thread_to_the_next_team_and_the_ledger_knows(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        thread = await thread_of(s, ThreadKind.SUPPORT)
        await send(s, thread, "which cream was it?", MARIA)
        await claim(s, thread, SAM)
        await release(s, thread, SAM)
        await claim(s, thread, SAM)
        await hand(s, thread, SAM, team="care")
        await claim(s, thread, GRACE)
        await send(s, thread, "the blue one", GRACE)
        await s.quiet()
        [asked] = [got.event for got in await s.events(QuestionAsked)]
        sam, grace = s.person(SAM), s.person(GRACE)
        held = [
            (row["state"], row["owner"], row["accepted_by"])
            for row in await s.fetch("handoffs", OF_CASE, asked.question)
        ]
        assert held == [
            ("closed", "team:support", sam),
            ("closed", "team:support", sam),
            ("closed", "team:care", grace),
        ]


async def test_closing_the_thread_takes_the_question_back(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        thread = await thread_of(s, ThreadKind.SUPPORT)
        await send(s, thread, "never mind", MARIA)
        await claim(s, thread, SAM)
        await s.ask(messaging.CLOSE_THREAD, messaging.OfThread(thread=thread), as_=SAM)
        await s.quiet()
        [asked] = [got.event for got in await s.events(QuestionAsked)]
        assert [got.event.question for got in await s.events(QuestionWithdrawn)] == [asked.question]
        assert (
            await s.fetchval("handoffs", "SELECT state FROM handoff WHERE case_id = $1", asked.question) == "withdrawn"
        )


async def test_what_is_written_about_care_asks_support_nothing(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await thread_of(s, ThreadKind.CARE)
        await send(s, thread, "my ankle", MARIA)
        await send(s, thread, "let me see", BEN)
        await s.quiet()
        assert await s.events(QuestionAsked) == await s.events(QuestionAnswered) == []


async def test_support_that_joins_takes_the_question_back_from_the_team_it_went_to(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        thread = await thread_of(s, ThreadKind.SUPPORT)
        await send(s, thread, "which cream was it?", MARIA)
        await claim(s, thread, SAM)
        await hand(s, thread, SAM, team="care")
        asked = await wanted(s, context=Doing(place="thread", thread=thread))
        await join(s, asked.request, SAM)
        await s.quiet()
        [question] = [got.event for got in await s.events(QuestionAsked)]
        held = [(row["owner"], row["accepted_by"]) for row in await s.fetch("handoffs", OF_CASE, question.question)]
        sam = s.person(SAM)
        assert held == [("team:support", sam), ("team:care", None), ("team:support", sam)]
        assert (await claim(s, thread, SAM)).team == "support"
        await send(s, thread, "the blue one", SAM)
        await s.quiet()
        assert {row["state"] for row in await s.fetch("handoffs", OF_CASE, question.question)} == {"closed"}
