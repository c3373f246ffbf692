"""A person for whoever asks for one, from anywhere in the app."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from baton_events.messaging import PersonJoined, PersonRequested, PersonRequestWithdrawn, ThreadClaimed
from shared import crash
from shared.errors import Forbidden, Invalid, KeyReused, NotFound, Refusal, Unavailable
from shared.requests import messaging, people
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.people import About, Doing
from shared.sealing import erase
from tests.messaging.people import (
    AISHA,
    ALARM,
    BEN,
    DANA,
    FERN,
    GRACE,
    JONAS,
    MARIA,
    SAM,
    SAMIRA,
    SECRET,
    join,
    raw,
    somebody,
    texts,
    told,
    waiting,
    wanted,
    write,
)


async def test_support_joins_with_everything_the_patient_was_doing_before_their_eyes(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        visit = uuid4()
        asked = await wanted(s, words=SECRET, visit=visit)
        assert asked.join_due - s.clock() <= timedelta(minutes=5)
        [shown] = await waiting(s, SAM)
        assert (shown.request, shown.thread, shown.joined_by) == (asked.request, asked.thread, None)
        with pytest.raises(NotFound):
            await told(s, asked.request, SAM)
        with pytest.raises(Refusal, match="no-such-thread"):
            await texts(s, asked.thread, SAM)
        state = await join(s, asked.request, SAM)
        assert state.joined_by == s.person(SAM)
        [doing] = await told(s, asked.request, SAM)
        assert (doing.place, doing.visit, doing.words, doing.by) == (
            "billing-charges",
            visit,
            SECRET,
            s.person(MARIA),
        )
        assert await texts(s, asked.thread, SAM) == [SECRET]
        await write(s, asked.thread, "I see it, one moment", SAM)
        assert await waiting(s, SAM) == []
        [own] = await waiting(s, MARIA)
        assert own.joined_by == s.person(SAM)
        await s.quiet()
        [requested], [joined], [claimed] = [
            [got.event for got in await s.events(kind)] for kind in (PersonRequested, PersonJoined, ThreadClaimed)
        ]
        assert (requested.join_owner, requested.join_due) == ("team:support", asked.join_due)
        assert joined.joined_by == claimed.claimed_by == s.person(SAM)


async def test_what_is_about_care_goes_to_the_clinician_on_call_in_a_care_thread(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s, about=About.CARE, words="is it fine to take both at once?")
        assert asked.emergency is None
        assert await waiting(s, SAM) == []
        with pytest.raises(Refusal, match="no-such-request"):
            await join(s, asked.request, SAM)
        with pytest.raises(Refusal, match="no-such-request"):
            await join(s, asked.request, BEN)
        await join(s, asked.request, DANA)
        [thread] = (await s.ask(messaging.THREADS, OfPatient(patient=s.person(MARIA)), as_=MARIA)).threads
        assert (thread.thread, thread.kind) == (asked.thread, "care")
        assert await texts(s, asked.thread, DANA) == ["is it fine to take both at once?"]


async def test_a_question_to_service_that_sounds_like_an_emergency_goes_to_the_clinician_on_call(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s, words=ALARM)
        assert asked.emergency is not None
        assert asked.emergency.call == "911"
        assert [one.request for one in await waiting(s, DANA)] == [asked.request]
        await s.quiet()
        [requested] = [got.event for got in await s.events(PersonRequested)]
        assert requested.join_owner == "team:clinicians-on-call"


async def test_of_fifty_who_join_at_once_exactly_one_does_and_the_others_are_told_who(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s)
        tokens = [somebody(s, "support", "support") for _ in range(50)]
        answers = await asyncio.gather(
            *(s.ask(people.JOIN_PERSON, people.OfRequest(request=asked.request), token=one) for one in tokens),
            return_exceptions=True,
        )
        [won] = [one for one in answers if isinstance(one, people.PersonState)]
        lost = [one for one in answers if isinstance(one, Refusal)]
        assert {(one.code, one.members["joined_by"]) for one in lost} == {("already-joined", str(won.joined_by))}
        assert len(lost) == 49
        await s.quiet()
        assert len(await s.events(PersonJoined)) == 1


async def test_the_next_team_may_join_once_its_time_has_come(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s)
        for who in (GRACE, DANA, BEN):
            assert await waiting(s, who) == []
        s.clock.advance(timedelta(minutes=4, seconds=59))
        with pytest.raises(Refusal, match="no-such-request"):
            await join(s, asked.request, GRACE)
        s.clock.advance(timedelta(seconds=2))
        assert [one.request for one in await waiting(s, GRACE)] == [asked.request]
        await join(s, asked.request, GRACE)
        other = await wanted(s, JONAS)
        s.clock.advance(timedelta(minutes=10, seconds=1))
        on_call = somebody(s, "clinician", "clinicians-on-call")
        state = await s.ask(people.JOIN_PERSON, people.OfRequest(request=other.request), token=on_call)
        assert state.joined_by is not None


async def test_who_asks_again_waits_for_the_same_person_with_all_that_was_said(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        first = await wanted(s, words="first")
        again = await wanted(s, words="second", context=Doing(place="refills"))
        assert (again.request, again.thread, again.join_due) == (first.request, first.thread, first.join_due)
        await join(s, first.request, SAM)
        assert [(one.place, one.words) for one in await told(s, first.request, SAM)] == [
            ("billing-charges", "first"),
            ("refills", "second"),
        ]
        assert await texts(s, first.thread, MARIA) == ["second", "first"]
        after = await wanted(s, words="third")
        assert after.request != first.request
        await s.quiet()
        requested = [(got.event.request, got.event.join_due) for got in await s.events(PersonRequested)]
        assert requested == [(one.request, one.join_due) for one in (first, again, after)]
        chased = await s.fetch(
            "handoffs", "SELECT state, chased FROM handoff WHERE name = 'person.join' ORDER BY opened_at"
        )
        assert [tuple(row) for row in chased] == [("closed", 1), ("open", 0)]


async def test_who_asks_ten_times_at_once_waits_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await asyncio.gather(*(wanted(s, words=f"{n}") for n in range(6)), return_exceptions=True)
        assert len({(one.request, one.thread) for one in asked if isinstance(one, people.PersonRequested)}) == 1
        assert {one.code for one in asked if isinstance(one, Refusal)} <= {"unavailable"}


async def test_a_repeat_changes_nothing_and_another_request_under_its_key_is_refused(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        key = str(uuid4())
        first, repeat = await wanted(s, words=SECRET, key=key), await wanted(s, words=SECRET, key=key)
        assert first == repeat
        assert await texts(s, first.thread, MARIA) == [SECRET]
        with pytest.raises(KeyReused):
            await wanted(s, words="another", key=key)
        assert await join(s, first.request, SAM, key) == await join(s, first.request, SAM, key)
        assert (await join(s, first.request, SAM)).joined_by == s.person(SAM)


async def test_in_the_thread_the_patient_is_in_nothing_new_is_begun(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = (await s.ask(messaging.OPEN_THREAD, messaging.OpenThread(patient=s.person(MARIA)), as_=MARIA)).thread
        doing = Doing(place="thread", thread=thread)
        assert (await wanted(s, about=About.CARE, context=doing)).thread == thread
        assert (await wanted(s, about=About.SERVICE, context=doing)).thread != thread
        with pytest.raises(NotFound):
            await wanted(s, JONAS, context=doing)
        with pytest.raises(NotFound):
            await wanted(s, context=Doing(place="thread", thread=uuid4()))


async def test_withdrawn_nobody_joins_and_joined_nobody_withdraws(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s)
        ask = people.OfRequest(request=asked.request)
        assert (await s.ask(people.WITHDRAW_PERSON, ask, as_=MARIA)).withdrawn
        assert (await s.ask(people.WITHDRAW_PERSON, ask, as_=MARIA)).withdrawn
        with pytest.raises(Refusal, match="request-withdrawn"):
            await join(s, asked.request, SAM)
        other = await wanted(s)
        await join(s, other.request, SAM)
        with pytest.raises(Refusal, match="already-joined") as refused:
            await s.ask(people.WITHDRAW_PERSON, people.OfRequest(request=other.request), as_=MARIA)
        assert refused.value.members["joined_by"] == str(s.person(SAM))
        await s.quiet()
        assert len(await s.events(PersonRequestWithdrawn)) == 1


async def test_a_proxy_asks_for_the_patient_and_a_stranger_for_nobody(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s, AISHA, patient=s.person(SAMIRA), words=SECRET)
        assert [one.words for one in await told(s, asked.request, AISHA)] == [SECRET]
        assert [one.request for one in await waiting(s, AISHA, s.person(SAMIRA))] == [asked.request]
        answer: object
        for attempt in (
            wanted(s, JONAS, patient=s.person(SAMIRA)),
            told(s, asked.request, JONAS),
            waiting(s, JONAS, s.person(SAMIRA)),
            waiting(s, SAM, s.person(SAMIRA)),
            s.ask(people.WITHDRAW_PERSON, people.OfRequest(request=asked.request), as_=JONAS),
            s.ask(people.WITHDRAW_PERSON, people.OfRequest(request=uuid4()), as_=JONAS),
            told(s, uuid4(), SAM),
            join(s, uuid4(), SAM),
            told(s, asked.request, SAM),
        ):
            [answer] = await asyncio.gather(attempt, return_exceptions=True)
            assert isinstance(answer, Refusal), answer
            assert answer.status == NotFound.status
        for attempt in (join(s, asked.request, FERN), join(s, asked.request, MARIA), wanted(s, SAM)):
            with pytest.raises(Forbidden):
                await attempt


async def test_who_is_the_patient_does_not_join_themselves(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        both = s.token(MARIA, roles=["patient", "support"], teams=["support"])
        asked = await wanted(s)
        with pytest.raises(Refusal, match="no-such-request"):
            await s.ask(people.JOIN_PERSON, people.OfRequest(request=asked.request), token=both)


WRONG: list[dict[str, Any]] = [
    {"words": ""},
    {"words": "x" * 4001},
    {"context": {"place": "Not A Place"}},
    {"context": {}},
    {"about": "billing"},
    {"context": {"place": "x", "diagnosis": "y"}},
    {"patient": "maria"},
]


async def test_what_is_not_of_the_form_is_refused(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        for fields in WRONG:
            ask = {"patient": s.person(MARIA), "about": "service", "context": {"place": "home"}, **fields}
            with pytest.raises(Invalid):
                await raw(s, people.REQUEST_PERSON, ask, MARIA)


async def test_the_patient_sees_who_looked(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        asked = await wanted(s, words=SECRET)
        await join(s, asked.request, SAM)
        await told(s, asked.request, SAM)
        found = await s.ask(ACCESSES["messaging"], OfPatient(patient=s.person(MARIA)), as_=MARIA)
        done = [(one.actor, one.action, one.what) for one in found.accesses]
        assert (str(s.person(SAM)), "read", f"{people.PERSON_REQUEST.subject}: context 1-1") in done


async def test_of_an_erased_patient_nothing_is_shown_and_nobody_joins(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        answer: object
        asked = await wanted(s, words=SECRET)
        await erase(s.ground("messaging").sealing, s.person(MARIA), s.clock())
        assert await waiting(s, SAM) == []
        for attempt in (join(s, asked.request, SAM), wanted(s), told(s, asked.request, MARIA), waiting(s, MARIA)):
            [answer] = await asyncio.gather(attempt, return_exceptions=True)
            assert isinstance(answer, NotFound), answer


async def test_a_crash_in_between_leaves_all_of_it_or_nothing(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        key = str(uuid4())
        crash.arm(crash.CrashPoint.OUTBOX_ADDED)
        ask = people.RequestPerson(
            patient=s.person(MARIA), about=About.SERVICE, context=Doing(place="home"), words=SECRET
        )
        with pytest.raises(Unavailable):
            await s.ask(people.REQUEST_PERSON, ask, as_=MARIA, key=key, seconds=1)
        await s.restart("messaging")
        assert await s.fetchval("messaging", "SELECT count(*) FROM person_request") == 0
        assert await s.fetchval("messaging", "SELECT count(*) FROM thread") == 0
        asked = await s.ask(people.REQUEST_PERSON, ask, as_=MARIA, key=key)
        assert await texts(s, asked.thread, MARIA) == [SECRET]


async def test_nothing_of_what_was_said_rests_in_the_open(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await wanted(s, words=SECRET, context=Doing(place="visit-summary-place"))
        await s.quiet()
        for table in ("person_request", "person_context", "outbox", "idempotency", "audit", "message"):
            rows = await s.fetch("messaging", f"SELECT t::text AS row FROM {table} t")  # noqa: S608 - names of tables
            text = "".join(row["row"] for row in rows)
            for said in (SECRET, "visit-summary-place"):
                assert said not in text, table
                assert said.encode().hex() not in text, table
