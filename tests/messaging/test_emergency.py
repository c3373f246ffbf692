"""A message that sounds like an emergency: never held, met at once, and somebody is called."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import uuid4

import pytest

from baton_events.codes import ThreadKind
from baton_events.messaging import MessageSent, PersonRequested
from services.messaging.operations.emergency import AT_ONCE
from shared import crash
from shared.emergency import sounds_like_an_emergency
from shared.errors import NotFound, Refusal, Unavailable
from shared.requests import corrections, messaging, people
from shared.requests.common import OfPatient
from shared.sealing import erase
from tests.emergency.labelled import EMERGENCY, say
from tests.messaging.people import AISHA, ALARM, BEN, DANA, MARIA, SAM, SAMIRA, join, told, waiting, write
from tests.messaging.test_threads import treats

CALM = "thank you, the new cream works well and my chest cold is gone"


async def begun(s: Any, by: str = MARIA, patient: str = MARIA, kind: str = "care") -> Any:
    ask = messaging.OpenThread(patient=s.person(patient), kind=ThreadKind(kind))
    return (await s.ask(messaging.OPEN_THREAD, ask, as_=by)).thread


async def test_it_stands_and_is_announced_as_ever_and_the_clinician_on_call_is_asked_for(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await begun(s)
        calm = await write(s, thread, CALM, MARIA)
        assert calm.emergency is None
        sent = await write(s, thread, ALARM, MARIA)
        assert sent.sequence == 2
        assert sent.emergency is not None
        guidance = s.ground("messaging").practice.emergency
        met = sent.emergency.guidance
        assert (met.title, met.text, met.call) == (guidance.title, guidance.text, guidance.call)
        assert sent.emergency.join_due - s.clock() <= timedelta(minutes=5)
        await s.quiet()
        [requested] = [got.event for got in await s.events(PersonRequested)]
        assert (requested.request, requested.join_owner) == (sent.emergency.request, "team:clinicians-on-call")
        assert [got.event.thread_sequence for got in await s.events(MessageSent)] == [1, 2]
        await join(s, requested.request, DANA)
        [doing] = await told(s, requested.request, DANA)
        assert (doing.thread, doing.message) == (thread, sent.message)
        page = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=thread), as_=DANA)
        assert [one.text for one in page.messages] == [ALARM, CALM]


async def test_more_such_messages_add_to_the_request_that_is_open(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await begun(s)
        sent = await asyncio.gather(*(write(s, thread, f"{ALARM} {n}", MARIA) for n in range(10)))
        met = {one.emergency.request for one in sent if one.emergency}
        assert len(met) == 1
        await join(s, met.pop(), DANA)
        await s.quiet()
        assert len({got.event.request for got in await s.events(PersonRequested)}) == 1
        [request] = await waiting(s, MARIA)
        assert len(await told(s, request.request, DANA)) == 10


async def test_a_repeat_is_met_the_same_and_calls_nobody_twice(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread, key = await begun(s), str(uuid4())
        first = await write(s, thread, ALARM, MARIA, key)
        assert first.emergency is not None
        assert await write(s, thread, ALARM, MARIA, key) == first
        assert await s.fetchval("messaging", "SELECT count(*) FROM person_context") == 1


@pytest.mark.parametrize("kind", ["care", "support"])
async def test_it_is_met_in_every_thread_and_from_a_proxy(stack: Any, kind: str) -> None:
    async with stack("directory", "messaging") as s:
        thread = await begun(s, AISHA, SAMIRA, kind)
        sent = await write(s, thread, "my daughter can't breathe", AISHA)
        assert sent.emergency is not None
        assert [one.patient for one in await waiting(s, DANA)] == [s.person(SAMIRA)]
        assert await waiting(s, SAM) == []


async def test_what_staff_write_calls_nobody(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await begun(s)
        sent = await write(s, thread, "call 911 if you have crushing chest pain", BEN)
        assert sent.emergency is None
        assert await waiting(s, DANA) == []


async def test_a_correction_is_met_too(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        sent = await write(s, await begun(s), CALM, MARIA)
        ask = corrections.Correct(message=sent.message, revision=0, text=ALARM)
        corrected = await s.ask(corrections.CORRECT, ask, as_=MARIA)
        assert corrected.emergency is not None
        assert [one.request for one in await waiting(s, DANA)] == [corrected.emergency.request]
        await join(s, corrected.emergency.request, DANA)
        assert [one.message for one in await told(s, corrected.emergency.request, DANA)] == [sent.message]


async def test_a_message_that_is_refused_calls_nobody(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await begun(s)
        with pytest.raises(NotFound):
            await write(s, thread, ALARM, "jonas-weber")
        await erase(s.ground("messaging").sealing, s.person(MARIA), s.clock())
        with pytest.raises(NotFound):
            await write(s, thread, ALARM, MARIA)
        assert await s.fetchval("messaging", "SELECT count(*) FROM person_request") == 0


async def test_a_crash_in_between_leaves_message_and_request_together_or_neither(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread, key = await begun(s), str(uuid4())
        ask = messaging.Send(thread=thread, text=ALARM)
        crash.arm(crash.CrashPoint.OUTBOX_ADDED)
        with pytest.raises((Unavailable, Refusal)):
            await s.ask(messaging.SEND, ask, as_=MARIA, key=key, seconds=1)
        await s.restart("messaging")
        assert await s.fetchval("messaging", "SELECT count(*) FROM person_request") == 0
        assert await s.fetchval("messaging", "SELECT count(*) FROM message") == 0
        sent = await s.ask(messaging.SEND, ask, as_=MARIA, key=key)
        assert sent.sequence == 1
        assert sent.emergency is not None
        found = await s.ask(people.PERSON_REQUESTS, people.AskRequests(), as_=DANA)
        assert [one.request for one in found.requests] == [sent.emergency.request]
        [listed] = (await s.ask(messaging.THREADS, OfPatient(patient=s.person(MARIA)), as_=MARIA)).threads
        assert listed.sequence == 1


def test_an_ordinary_message_pays_next_to_nothing_for_being_heard(capsys: pytest.CaptureFixture[str]) -> None:
    text = (f"{CALM}. When should I come for the next visit, and may I have the lab done before it? " * 9)[:300]

    def once(words: str) -> float:
        start = perf_counter()
        sounds_like_an_emergency(words, EMERGENCY)
        return perf_counter() - start

    short, longest = (min(once(words) for _ in range(20)) for words in (text, ("pain no " * 600)[:AT_ONCE]))
    with capsys.disabled():
        say(f"\nemergency, 300 characters: {short * 1e6:.0f} us; {AT_ONCE} dense ones: {longest * 1e6:.0f} us")
    assert short < 0.002
    assert longest < 0.01
