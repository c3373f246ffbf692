"""Threads between a patient and the people who treat them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.codes import Party, RelationshipSource
from baton_events.messaging import FollowUpSent, MessageRead, MessageSent, ReplyNotNeeded, ThreadClosed
from baton_events.visits import FollowUpDeclined, VisitEnded
from services.messaging.model.threads import (
    FollowUpNotOwed,
    NothingToAnswer,
    NotYetWritten,
    ThreadIsClosed,
)
from shared.errors import Forbidden, Invalid, KeyReused, NotFound, Refusal
from shared.requests import messaging as ask
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship

if TYPE_CHECKING:
    from tests.support.stack import Stack

MARIA, JONAS = "maria-lopez", "jonas-weber"
BEN, AMARA = "ben-whitfield", "amara-okafor"
FOLLOW_UPS = ask.FOLLOW_UPS.subject
SECRET = "the rash is back and burns at night"


async def treats(s: Stack, clinician: str, patient: str) -> None:
    """Begin a treatment relationship as booking would."""
    await s.ask(
        REGISTER_RELATIONSHIP,
        RegisterRelationship(
            relationship=uuid4(),
            patient=s.person(patient),
            clinician=s.person(clinician),
            source=RelationshipSource.BOOKING,
            lapses_at=s.clock() + timedelta(days=1),
        ),
        service="booking",
    )


async def opened(s: Stack, patient: str = MARIA, by: str = MARIA) -> UUID:
    return (await s.ask(ask.OPEN_THREAD, ask.OpenThread(patient=s.person(patient)), as_=by)).thread


async def send(s: Stack, thread: UUID, text: str, by: str, **more: Any) -> ask.Sent:
    return await s.ask(ask.SEND, ask.Send(thread=thread, text=text, **more), as_=by)


async def texts(s: Stack, thread: UUID, by: str) -> list[str]:
    page = await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=by)
    return [message.text for message in page.messages]


async def test_both_sides_read_what_was_written_newest_first(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "first", MARIA)
        await send(s, thread, "second", BEN)
        assert await texts(s, thread, MARIA) == ["second", "first"]
        assert await texts(s, thread, BEN) == ["second", "first"]


async def test_a_patient_message_opens_a_reply_and_a_staff_message_does_not(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "help", MARIA)
        await send(s, thread, "of course", BEN)
        await s.quiet()
        first, second = [got.event for got in await s.events(MessageSent)]
        assert (first.author_party, first.reply_owner) == (Party.PATIENT, "team:care")
        assert first.reply_due is not None
        assert abs(first.reply_due - s.clock() - timedelta(hours=24)) < timedelta(minutes=1)
        assert (second.author_party, second.reply_due) == (Party.STAFF, None)


async def test_a_stranger_finds_no_thread_and_learns_nothing(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        await send(s, thread, SECRET, MARIA)
        for who in (JONAS, "noor-haddad"):
            for attempt in (
                s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=who),
                s.ask(ask.SEND, ask.Send(thread=thread, text="hello"), as_=who),
                s.ask(ask.MARK_READ, ask.MarkRead(thread=thread, sequence=1), as_=who),
                s.ask(ask.THREADS, ask.ReadThreads(patient=s.person(MARIA)), as_=who),
                s.ask(ask.OPEN_THREAD, ask.OpenThread(patient=s.person(MARIA)), as_=who),
            ):
                answer = (await asyncio.gather(attempt, return_exceptions=True))[0]
                assert isinstance(answer, Refusal), (who, answer)
                assert answer.status == NotFound.status
        with pytest.raises(Refusal, match="no-such-thread"):
            await send(s, uuid4(), "hello", MARIA)
        with pytest.raises(Forbidden):
            await s.ask(ask.SEND, ask.Send(thread=thread, text="hello"), as_="olive-park")


async def test_a_team_that_owes_the_answer_may_open_the_thread_as_long_as_it_is_owed(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        nurse = "grace-kim"
        with pytest.raises(Refusal, match="no-such-thread"):
            await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=nurse)
        await send(s, thread, "anybody there?", MARIA)
        page = await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=nurse)
        assert [message.text for message in page.messages] == ["anybody there?"]
        await s.ask(ask.SEND, ask.Send(thread=thread, text="yes"), as_=nurse)
        with pytest.raises(Refusal, match="no-such-thread"):
            await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=nurse)


async def test_staff_who_are_a_proxy_stand_on_the_patients_side_as_long_as_the_grant(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        aisha = s.token("aisha-khan", roles=["patient", "proxy", "nurse"])
        threads = [await opened(s, patient="samira-khan", by="samira-khan")]
        threads.append(
            (await s.ask(ask.OPEN_THREAD, ask.OpenThread(patient=s.person("samira-khan")), token=aisha)).thread
        )
        for thread in threads:
            await s.ask(ask.SEND, ask.Send(thread=thread, text="my mother asks"), token=aisha)
            with pytest.raises(Forbidden):
                await s.ask(ask.REPLY_NOT_NEEDED, ask.OfThread(thread=thread), token=aisha)
        await s.quiet()
        sent = [got.event for got in await s.events(MessageSent)]
        assert [(event.author_party, event.reply_owner) for event in sent] == [(Party.PATIENT, "team:care")] * 2
        await s.as_owner("directory", "UPDATE proxy SET ended_at = now() - interval '1 second'")
        for thread in threads:
            with pytest.raises(Refusal, match="no-such-thread"):
                await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), token=aisha)


async def test_staff_who_are_a_patient_are_owed_an_answer(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        maria = s.token(MARIA, roles=["patient", "lab_tech"])
        thread = await opened(s)
        await s.ask(ask.SEND, ask.Send(thread=thread, text="help"), token=maria)
        await s.quiet()
        [sent] = [got.event for got in await s.events(MessageSent)]
        assert (sent.author_party, sent.reply_owner) == (Party.PATIENT, "team:care")


async def test_many_at_once_get_a_sequence_without_gaps(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        threads = [await opened(s) for _ in range(3)]
        await asyncio.gather(*(send(s, thread, f"{n}", MARIA) for n in range(20) for thread in threads))
        await asyncio.gather(*(send(s, thread, f"{n}", BEN) for n in range(10) for thread in threads))
        for thread in threads:
            page = await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread, limit=40), as_=MARIA)
            assert [message.sequence for message in page.messages] == list(range(30, 0, -1))
        await s.quiet()
        for thread in threads:
            sent = [got.event.thread_sequence for got in await s.events(MessageSent) if got.event.thread == thread]
            assert sent == list(range(1, 31))


async def test_a_repeat_is_answered_again_and_written_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        message = ask.Send(thread=thread, text="once")
        answers = await asyncio.gather(*(s.ask(ask.SEND, message, as_=MARIA, key="same") for _ in range(8)))
        assert len({answer.message for answer in answers}) == 1
        assert await texts(s, thread, MARIA) == ["once"]
        with pytest.raises(KeyReused):
            await s.ask(ask.SEND, ask.Send(thread=thread, text="another"), as_=MARIA, key="same")
        await s.quiet()
        assert len(await s.events(MessageSent)) == 1


async def test_pages_reach_the_beginning(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        for n in range(7):
            await send(s, thread, f"{n}", MARIA)
        seen: list[str] = []
        before: int | None = None
        while True:
            page = await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread, limit=3, before=before), as_=MARIA)
            seen += [message.text for message in page.messages]
            before = page.before
            if before is None:
                break
        assert seen == ["6", "5", "4", "3", "2", "1", "0"]


async def test_reading_moves_forward_only_and_is_seen_by_the_other_side(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        for n in range(3):
            await send(s, thread, f"{n}", MARIA)
        listed = (await s.ask(ask.THREADS, ask.ReadThreads(patient=s.person(MARIA)), as_=BEN)).threads
        assert [(entry.unread, entry.sequence) for entry in listed] == [(3, 3)]
        for sequence in (2, 1, 2):
            await s.ask(ask.MARK_READ, ask.MarkRead(thread=thread, sequence=sequence), as_=BEN)
        page = await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread), as_=MARIA)
        assert (page.read_by_patient, page.read_by_staff) == (3, 2)
        with pytest.raises(Refusal, match=NotYetWritten.code):
            await s.ask(ask.MARK_READ, ask.MarkRead(thread=thread, sequence=4), as_=BEN)
        await s.quiet()
        assert [got.event.thread_sequence for got in await s.events(MessageRead)] == [2]


async def test_an_answer_that_is_not_needed_is_settled_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "thank you", MARIA)
        await s.ask(ask.REPLY_NOT_NEEDED, ask.OfThread(thread=thread), as_=BEN)
        with pytest.raises(Refusal, match=NothingToAnswer.code):
            await s.ask(ask.REPLY_NOT_NEEDED, ask.OfThread(thread=thread), as_=BEN)
        await s.quiet()
        assert len(await s.events(ReplyNotNeeded)) == 1


async def test_a_closed_thread_stays_readable_and_takes_nothing_more(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "the last one", MARIA)
        await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=thread), as_=BEN)
        with pytest.raises(Refusal, match=ThreadIsClosed.code):
            await send(s, thread, "too late", MARIA)
        assert await texts(s, thread, MARIA) == ["the last one"]
        await s.quiet()
        assert len(await s.events(ThreadClosed)) == 1


async def ended(s: Stack, visit: UUID, clinician: str, patient: str = MARIA) -> VisitEnded:
    return VisitEnded(
        visit=visit,
        appointment=visit,
        patient=s.person(patient),
        clinician=s.person(clinician),
        clinician_owner=f"clinician:{s.person(clinician)}",
        summary_due=s.clock(),
        follow_up_due=s.clock() + timedelta(hours=5),
    )


async def test_only_the_clinician_who_owes_the_follow_up_can_send_it_and_only_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        for clinician in (BEN, AMARA):
            await treats(s, clinician, MARIA)
        visit = uuid4()
        await s.handled("messaging", await s.publish(await ended(s, visit, BEN)))
        owed = (await s.ask(ask.FOLLOW_UPS, ask.AskFollowUps(), as_=BEN)).follow_ups
        assert [item.visit for item in owed] == [visit]
        [looked] = await s.fetch("messaging", "SELECT actor, range FROM audit WHERE operation = $1", FOLLOW_UPS)
        assert tuple(looked) == (str(s.person(BEN)), "1 follow-ups")
        thread = await opened(s, by=BEN)
        for who in (AMARA, MARIA):
            with pytest.raises(Refusal, match=FollowUpNotOwed.code):
                await send(s, thread, "how are you?", who, follow_up_of=visit)
        await send(s, thread, "how are you?", BEN, follow_up_of=visit)
        with pytest.raises(Refusal, match=FollowUpNotOwed.code):
            await send(s, thread, "again", BEN, follow_up_of=visit)
        await s.quiet()
        sent = [got.event for got in await s.events(FollowUpSent)]
        assert [(event.visit, event.author) for event in sent] == [(visit, s.person(BEN))]
        assert await texts(s, thread, MARIA) == ["how are you?"]
        assert (await s.ask(ask.FOLLOW_UPS, ask.AskFollowUps(), as_=BEN)).follow_ups == []


@pytest.mark.parametrize("declined_first", [True, False])
async def test_a_declined_follow_up_is_not_owed_in_either_order(stack: Any, declined_first: bool) -> None:
    async with stack("directory", "messaging") as s:
        visit = uuid4()
        events = [await ended(s, visit, BEN), FollowUpDeclined(visit=visit, patient=s.person(MARIA))]
        for event in reversed(events) if declined_first else events:
            await s.handled("messaging", await s.publish(event))
        assert (await s.ask(ask.FOLLOW_UPS, ask.AskFollowUps(), as_=BEN)).follow_ups == []


async def test_every_look_and_every_word_is_on_record_for_the_patient(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "hello", MARIA)
        await texts(s, thread, BEN)
        found = await s.ask(ACCESSES["messaging"], OfPatient(patient=s.person(MARIA)), as_=MARIA)
        seen = [(entry.actor, entry.action) for entry in found.accesses]
        assert (str(s.person(BEN)), "read") in seen
        assert (str(s.person(MARIA)), "write") in seen
        with pytest.raises(Refusal):
            await s.ask(ACCESSES["messaging"], OfPatient(patient=s.person(MARIA)), as_=JONAS)


async def test_the_text_rests_sealed(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        await send(s, thread, SECRET, MARIA)
        await s.quiet()
        for table in ("message", "outbox", "audit", "idempotency", "thread"):
            rows = await s.fetch("messaging", f"SELECT t::text AS line FROM {table} t")  # noqa: S608
            assert rows
            for row in rows:
                assert SECRET not in row["line"]
                assert SECRET.encode().hex() not in row["line"]


async def test_a_page_of_the_longest_messages_fits_one_answer(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        for _ in range(40):
            await send(s, thread, "😀" * 4000, MARIA)
        page = await s.ask(ask.MESSAGES, ask.ReadMessages(thread=thread, limit=40), as_=MARIA)
        assert len(page.messages) == 40


async def test_words_are_bounded_and_fields_are_known(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        for text in ("", "x" * 4001):
            with pytest.raises(Invalid):
                await send(s, thread, text, MARIA)


async def test_a_batch_with_a_refused_letter_holds_nobody_else_up(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        open_one, closed_one = await opened(s), await opened(s)
        await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=closed_one), as_=BEN)
        answers = await asyncio.gather(
            *(send(s, thread, "hello", MARIA) for _ in range(10) for thread in (open_one, closed_one)),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, ask.Sent) for answer in answers) == 10
        assert sum(isinstance(answer, Refusal) and answer.status == 409 for answer in answers) == 10
