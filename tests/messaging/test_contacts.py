"""What was said outside the app: written down, owed an answer, answered."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from baton_events.codes import ContactChannel, Party
from baton_events.messaging import ContactLogged, QuestionAnswered, QuestionAsked
from shared import crash
from shared.errors import Forbidden, Invalid, NotFound, Refusal, Unavailable
from shared.requests import custody, people
from shared.requests.messaging import OfThread
from shared.requests.people import About
from shared.sealing import erase
from tests.messaging.people import (
    AISHA,
    BEN,
    FERN,
    GRACE,
    JONAS,
    MARIA,
    SAM,
    SAMIRA,
    SECRET,
    log_of,
    logged,
    raw,
    texts,
    write,
)
from tests.messaging.test_threads import treats


def thread_of(kept: people.ContactLogged) -> UUID:
    assert kept.thread is not None
    return kept.thread


async def owed(s: Any, by: str) -> list[people.Question]:
    found = await s.ask(people.QUESTIONS, people.AskQuestions(), as_=by)
    return list(found.questions)


async def test_a_call_that_was_not_answered_is_called_back_by_the_time_promised(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        promised = s.clock() + timedelta(hours=3)
        kept = await logged(s, FERN, call_back_by=promised)
        assert kept.answer_due == promised
        [question] = await owed(s, SAM)
        assert (question.question, question.thread, question.owner) == (kept.question, kept.thread, "team:support")
        assert await owed(s, GRACE) == []
        await s.ask(custody.CLAIM, OfThread(thread=thread_of(kept)), as_=SAM)
        assert await texts(s, thread_of(kept), SAM) == [SECRET]
        await logged(s, SAM, origin="staff", words="called back, all clear", answered=True, answers=kept.question)
        assert await owed(s, SAM) == []
        assert await texts(s, thread_of(kept), MARIA) == ["called back, all clear", SECRET]
        await s.quiet()
        [asked], [answered] = [[got.event for got in await s.events(k)] for k in (QuestionAsked, QuestionAnswered)]
        assert (asked.answer_owner, asked.answer_due) == ("team:support", promised)
        assert (answered.question, answered.answered_by) == (kept.question, s.person(SAM))
        noted = [got.event for got in await s.events(ContactLogged)]
        assert [(one.origin, one.logged_by) for one in noted] == [
            (Party.PATIENT, s.person(FERN)),
            (Party.STAFF, s.person(SAM)),
        ]


async def test_a_message_of_staff_answers_too(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        kept = await logged(s, FERN)
        assert kept.answer_due is not None
        assert kept.answer_due - s.clock() <= timedelta(hours=1)
        await s.ask(custody.CLAIM, OfThread(thread=thread_of(kept)), as_=SAM)
        await write(s, thread_of(kept), "here is your receipt", SAM)
        assert await owed(s, SAM) == []


async def test_a_question_about_care_is_owed_by_the_care_team(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        kept = await logged(s, FERN, about=About.CARE)
        assert [one.question for one in await owed(s, GRACE)] == [kept.question]
        assert await owed(s, SAM) == []
        assert await texts(s, thread_of(kept), GRACE) == [SECRET]


async def test_an_attempt_that_reached_nobody_leaves_the_question_open(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        kept = await logged(s, FERN)
        tried = await logged(s, SAM, origin="staff", words="no answer", answers=kept.question)
        assert (tried.question, tried.answer_due) == (kept.question, kept.answer_due)
        again = await logged(s, FERN, words="called again", answers=kept.question)
        assert again.thread == kept.thread
        assert len(await owed(s, SAM)) == 1


async def test_what_was_answered_at_once_owes_nothing(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        for channel, origin in ((ContactChannel.DESK, "patient"), (ContactChannel.MAIL, "staff")):
            kept = await logged(s, channel=channel, origin=origin, answered=origin == "patient")
            assert (kept.question, kept.thread) == (None, None)
        assert await owed(s, SAM) == []
        page = await log_of(s, MARIA)
        assert [(one.channel, one.words) for one in page.contacts] == [
            (ContactChannel.MAIL, SECRET),
            (ContactChannel.DESK, SECRET),
        ]


async def test_the_log_pages_newest_first(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        for n in range(5):
            await logged(s, words=f"{n}", answered=True)
        first = await log_of(s, MARIA, limit=3)
        second = await log_of(s, MARIA, limit=3, before=first.before)
        assert [one.words for one in (*first.contacts, *second.contacts)] == ["4", "3", "2", "1", "0"]
        assert second.before is None


async def test_who_wrote_it_down_reads_their_own_and_nobody_elses(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        kept = await logged(s, FERN, words="by fern")
        await logged(s, SAM, words="by sam", answered=True)
        assert [one.words for one in (await log_of(s, FERN)).contacts] == ["by fern"]
        assert [one.words for one in (await log_of(s, SAM)).contacts] == ["by sam"]
        await s.ask(custody.CLAIM, OfThread(thread=thread_of(kept)), as_=SAM)
        for who in (SAM, BEN, MARIA):
            assert [one.words for one in (await log_of(s, who)).contacts] == ["by sam", "by fern"]
        await logged(s, SAM, SAMIRA, answered=True)
        assert len((await log_of(s, AISHA, SAMIRA)).contacts) == 1


async def test_a_stranger_learns_nothing(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        kept = await logged(s, FERN)
        answer: object
        for attempt in (
            log_of(s, JONAS),
            log_of(s, "priya-nair"),
            log_of(s, GRACE),
            s.ask(people.CONTACTS, people.ReadContacts(patient=uuid4()), as_=FERN),
            s.ask(
                people.LOG_CONTACT,
                people.LogContact(
                    patient=uuid4(), channel=ContactChannel.PHONE, origin="patient", words="x", answered=True
                ),
                as_=FERN,
            ),
            logged(s, SAM, JONAS, answered=True, answers=kept.question),
            logged(s, SAM, answered=True, answers=uuid4()),
        ):
            [answer] = await asyncio.gather(attempt, return_exceptions=True)
            assert isinstance(answer, Refusal), answer
            assert answer.status == NotFound.status
        for who in (MARIA, "olive-park", "luis-ortega"):
            with pytest.raises(Forbidden):
                await logged(s, who)


async def test_two_who_answer_at_once_answer_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        kept = await logged(s, FERN)
        answers = await asyncio.gather(
            *(logged(s, SAM, origin="staff", answered=True, answers=kept.question) for _ in range(8)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, people.ContactLogged) for one in answers) == 1
        assert {one.code for one in answers if isinstance(one, Refusal)} == {"question-settled"}
        await s.quiet()
        assert len(await s.events(QuestionAnswered)) == 1


async def test_what_cannot_be_promised_or_is_not_of_the_form_is_refused(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        now = s.clock()
        for fields in (
            {"call_back_by": now - timedelta(minutes=1)},
            {"call_back_by": now + timedelta(days=8)},
            {"call_back_by": now + timedelta(hours=1), "answered": True},
            {"call_back_by": now + timedelta(hours=1), "origin": "staff"},
        ):
            with pytest.raises(Refusal, match="call-back-wrong"):
                await logged(s, **fields)
        whole = {
            "patient": str(s.person(MARIA)),
            "channel": "phone",
            "origin": "patient",
            "words": "x",
            "answered": True,
        }
        wrong: list[dict[str, Any]] = [
            {"origin": "service"},
            {"channel": "fax"},
            {"words": ""},
            {"words": "x" * 4001},
            {"call_back_by": "2026-11-22T10:00:00"},
            {"answered": "yes"},
            {"name": "Maria"},
        ]
        for field in wrong:
            with pytest.raises(Invalid):
                await raw(s, people.LOG_CONTACT, {**whole, **field}, SAM)


async def test_of_an_erased_patient_nothing_is_written_down_or_shown(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await logged(s, SAM)
        await erase(s.ground("messaging").sealing, s.person(MARIA), s.clock())
        assert await owed(s, SAM) == []
        for attempt in (logged(s, SAM), log_of(s, SAM), log_of(s, MARIA)):
            with pytest.raises(NotFound):
                await attempt


async def test_a_repeat_and_a_crash_in_between_leave_one_entry(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        ask = people.LogContact(
            patient=s.person(MARIA), channel=ContactChannel.PHONE, origin="patient", words=SECRET, answered=False
        )
        key = str(uuid4())
        crash.arm(crash.CrashPoint.OUTBOX_ADDED)
        with pytest.raises(Unavailable):
            await s.ask(people.LOG_CONTACT, ask, as_=SAM, key=key, seconds=1)
        await s.restart("messaging")
        first = await s.ask(people.LOG_CONTACT, ask, as_=SAM, key=key)
        assert await s.ask(people.LOG_CONTACT, ask, as_=SAM, key=key) == first
        assert await s.fetchval("messaging", "SELECT count(*) FROM contact") == 1
        for table in ("contact", "message", "outbox", "idempotency", "audit"):
            rows = await s.fetch("messaging", f"SELECT t::text AS row FROM {table} t")  # noqa: S608 - names of tables
            assert SECRET not in "".join(row["row"] for row in rows)
            assert SECRET.encode().hex() not in "".join(row["row"] for row in rows)
