"""A message is corrected and taken back by its author; what it said is kept for the record."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.messaging import MessageCorrected, MessageRetracted, MessageSent
from services.messaging.model.corrections import MOST_REVISIONS
from shared.errors import Refusal
from shared.requests import corrections as fix
from shared.requests import messaging as ask
from shared.sealing import Kind, SealBroken, erase
from tests.messaging.test_at_once import ended
from tests.messaging.test_threads import BEN, JONAS, MARIA, SECRET, opened, send, treats

if TYPE_CHECKING:
    from tests.support.stack import Stack

LAST = "SELECT object, range, actor FROM audit ORDER BY id DESC LIMIT 1"


async def correct(s: Stack, message: UUID, text: str, by: str = MARIA, revision: int = 0, key: str = "") -> Any:
    return await s.ask(fix.CORRECT, fix.Correct(message=message, revision=revision, text=text), as_=by, key=key)


async def retract(s: Stack, message: UUID, by: str = MARIA, key: str = "") -> fix.Retracted:
    return await s.ask(fix.RETRACT, fix.OfMessage(message=message), as_=by, key=key)


async def versions(s: Stack, message: UUID, by: str = MARIA) -> list[tuple[int, str]]:
    found = await s.ask(fix.REVISIONS, fix.OfMessage(message=message), as_=by)
    return [(one.revision, one.text) for one in found.versions]


async def page(s: Stack, thread: UUID, by: str = MARIA) -> ask.Messages:
    return await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=by)


async def refused(attempt: Any) -> Refusal:
    answers: list[object] = await asyncio.gather(attempt, return_exceptions=True)
    assert isinstance(answers[0], Refusal), answers
    return answers[0]


async def test_a_corrected_message_says_the_newest_and_keeps_what_it_said(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        sent = await send(s, thread, "two tablets", MARIA)
        done = await correct(s, sent.message, "ten tablets", key="one")
        assert (done.thread, done.sequence, done.revision) == (thread, 1, 1)
        assert await correct(s, sent.message, "ten tablets", key="one") == done
        await correct(s, sent.message, "one tablet", revision=1)
        for who in (MARIA, BEN):
            [shown] = (await page(s, thread, who)).messages
            assert (shown.text, shown.revision, shown.sequence, shown.at) == ("one tablet", 2, 1, sent.at)
            assert shown.corrected_at is not None
            assert shown.retracted_at is None
            assert await versions(s, sent.message, who) == [(0, "two tablets"), (1, "ten tablets"), (2, "one tablet")]
            seen = (await s.fetch("messaging", LAST))[0]
            assert dict(seen) == {"object": thread, "range": "message 1, 3 versions", "actor": str(s.person(who))}
        await s.quiet()
        told = [(got.event.message, got.event.revision, got.event.author) for got in await s.events(MessageCorrected)]
        assert told == [(sent.message, 1, s.person(MARIA)), (sent.message, 2, s.person(MARIA))]
        assert [got.event.thread_sequence for got in await s.events(MessageSent)] == [1]


async def test_each_revision_is_sealed_as_itself(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        sent = await send(s, thread, SECRET, MARIA)
        await correct(s, sent.message, f"{SECRET}, and by day")
        keys = await s.ground("messaging").sealing.keys(s.person(MARIA), thread)
        sealed = await s.fetchval("messaging", "SELECT sealed FROM revision")
        place = {"kind": Kind.MESSAGE, "object": sent.message, "author": s.person(MARIA), "sequence": 1}
        assert keys.open(sealed, **place, revision=1) == f"{SECRET}, and by day".encode()
        for other in ({"revision": 0}, {"revision": 2}, {"revision": 1, "sequence": 2}):
            with pytest.raises(SealBroken):
                keys.open(sealed, **{**place, **other})


async def test_of_two_corrections_at_once_one_is_made_and_the_other_hears_of_it(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        sent = await send(s, await opened(s), "two tablets", MARIA)
        both = await asyncio.gather(
            *(correct(s, sent.message, text) for text in ("one tablet", "no tablet")), return_exceptions=True
        )
        [won] = [one for one in both if isinstance(one, fix.Corrected)]
        [lost] = [one for one in both if isinstance(one, Refusal)]
        assert (won.revision, lost.status, lost.code, lost.members) == (1, 409, "corrected-meanwhile", {"revision": 1})
        assert (await refused(correct(s, sent.message, "again"))).code == "corrected-meanwhile"
        assert len(await versions(s, sent.message)) == 2


async def test_a_message_is_corrected_a_bounded_number_of_times(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        sent = await send(s, await opened(s), "x", MARIA)
        for revision in range(MOST_REVISIONS):
            await correct(s, sent.message, "\N{STETHOSCOPE}" * 3900, revision=revision)
        assert (await refused(correct(s, sent.message, "y", revision=MOST_REVISIONS))).code == "corrected-often"
        assert len(await versions(s, sent.message)) == MOST_REVISIONS + 1


async def test_a_message_taken_back_keeps_its_place_and_shows_no_words(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        first = await send(s, thread, SECRET, MARIA)
        await send(s, thread, "still there", MARIA)
        unread = (await s.ask(ask.THREADS, ask.ReadThreads(patient=s.person(MARIA)), as_=BEN)).threads[0].unread
        done = await retract(s, first.message, key="once")
        assert await retract(s, first.message, key="once") == done
        assert (await refused(retract(s, first.message))).code == "message-retracted"
        assert (await refused(correct(s, first.message, "anew"))).code == "message-retracted"
        for who in (MARIA, BEN):
            shown = (await page(s, thread, who)).messages
            assert [(one.sequence, one.text) for one in shown] == [(2, "still there"), (1, "")]
            assert shown[1].retracted_at == done.at
        listed = (await s.ask(ask.THREADS, ask.ReadThreads(patient=s.person(MARIA)), as_=BEN)).threads[0]
        assert (listed.unread, listed.sequence) == (unread, 2)
        await s.quiet()
        assert [got.event.message for got in await s.events(MessageRetracted)] == [first.message]


async def test_what_was_taken_back_is_for_its_author_and_the_practice(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        hers = await send(s, thread, "mine", MARIA)
        await send(s, thread, "meant for another patient", BEN)
        his = (await page(s, thread, BEN)).messages[0].message
        await send(s, thread, "please disregard what I wrote", BEN)
        await retract(s, hers.message)
        await retract(s, his, BEN)
        assert await versions(s, hers.message) == [(0, "mine")]
        assert await versions(s, hers.message, BEN) == [(0, "mine")]
        assert await versions(s, his, BEN) == [(0, "meant for another patient")]
        assert (await refused(versions(s, his))).code == "no-such-message"


async def test_the_answer_a_patient_was_owed_is_corrected_but_not_taken_back(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        visit = uuid4()
        await s.handled("messaging", await s.publish(ended(s, visit)))
        thread = await opened(s)
        greeting = await send(s, thread, "welcome", BEN)
        await send(s, thread, "may I stop?", MARIA)
        answer = await send(s, thread, "yes", BEN)
        assert (await refused(retract(s, answer.message, BEN))).code == "still-owed"
        await correct(s, answer.message, "no", BEN)
        better = await send(s, thread, "not yet", BEN)
        await retract(s, answer.message, BEN)
        assert (await refused(retract(s, better.message, BEN))).code == "still-owed"
        await retract(s, greeting.message, BEN)
        follow_up = await send(s, thread, "how are you?", BEN, follow_up_of=visit)
        await send(s, thread, "write any time", BEN)
        assert (await refused(retract(s, follow_up.message, BEN))).code == "still-owed"


async def test_only_the_author_changes_a_message_and_strangers_find_none(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        sent = await send(s, await opened(s), "hello", MARIA)
        for attempt in (correct(s, sent.message, "x", BEN), retract(s, sent.message, BEN)):
            answer = await refused(attempt)
            assert (answer.status, answer.code) == (403, "not-the-author")
        for message in (sent.message, uuid4()):
            for attempt in (correct(s, message, "x", JONAS), retract(s, message, JONAS), versions(s, message, JONAS)):
                answer = await refused(attempt)
                assert (answer.status, answer.code) == (404, "no-such-message")
        assert (await refused(correct(s, sent.message, ""))).code == "invalid"
        assert (await refused(correct(s, sent.message, "x" * 4001))).code == "invalid"


async def test_nothing_changes_in_a_thread_that_is_closed_or_erased(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        sent = await send(s, thread, "hello", MARIA)
        await correct(s, sent.message, "hello there")
        await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=thread), as_=BEN)
        for attempt in (correct(s, sent.message, "x", revision=1), retract(s, sent.message)):
            assert (await refused(attempt)).code == "thread-closed"
        assert len(await versions(s, sent.message, BEN)) == 2
        await erase(s.ground("messaging").sealing, s.person(MARIA), s.clock())
        for attempt in (correct(s, sent.message, "x"), retract(s, sent.message), versions(s, sent.message)):
            assert (await refused(attempt)).status == 404
