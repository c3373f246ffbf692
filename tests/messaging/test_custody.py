"""Exactly one person sees to a thread; who did, and why it went on, can be read ever after."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.codes import HandoffName, ThreadKind
from baton_events.directory import RelationshipEnded
from baton_events.messaging import ThreadClaimed, ThreadHandedOver, ThreadReleased
from shared.errors import Forbidden, Refusal
from shared.requests import custody, messaging
from shared.requests.handoffs import ACCEPT, OfHandoff
from tests.messaging.test_threads import BEN, JONAS, MARIA, opened, send, texts, treats

if TYPE_CHECKING:
    from shared.requests import Answer, Ask, Operation
    from tests.support.stack import Stack

AMARA, CHEN, DANA, GRACE, SAM = "amara-okafor", "chen-liu", "dana-reyes", "grace-kim", "sam-porter"
WHY = "she asks about the swelling, which is Dana's field"
OF_CASE = """
SELECT h.name, h.state, c.owner, c.accepted_by FROM handoff h JOIN custody c ON c.handoff = h.id
 WHERE h.case_id = $1 ORDER BY h.opened_at, c.started_at, c.number
"""


async def thread_of(s: Stack, kind: ThreadKind, patient: str = MARIA) -> UUID:
    wanted = messaging.OpenThread(patient=s.person(patient), kind=kind)
    return (await s.ask(messaging.OPEN_THREAD, wanted, as_=patient)).thread


async def claim(s: Stack, thread: UUID, by: str, **more: Any) -> custody.ThreadCustody:
    return await s.ask(custody.CLAIM, messaging.OfThread(thread=thread), as_=by, **more)


async def hand(s: Stack, thread: UUID, by: str, to: str | None = None, team: custody.Team | None = None) -> Any:
    person = s.person(to) if to else None
    wanted = custody.HandOver(thread=thread, to_person=person, to_team=team, reason=WHY)
    return await s.ask(custody.HAND_OVER, wanted, as_=by)


async def release(s: Stack, thread: UUID, by: str) -> custody.ThreadCustody:
    return await s.ask(custody.RELEASE, messaging.OfThread(thread=thread), as_=by)


async def refused(s: Stack, op: Operation[Any, Answer], ask: Ask, token: str) -> str:
    with pytest.raises(Refusal) as refusal:
        await s.ask(op, ask, token=token)
    return refusal.value.code


async def test_of_many_who_claim_at_once_exactly_one_sees_to_it(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        await send(s, thread, "anybody there?", MARIA)
        team = (AMARA, BEN, DANA, GRACE)
        answers = await asyncio.gather(*(claim(s, thread, who) for who in team * 2), return_exceptions=True)
        won = [answer for answer in answers if isinstance(answer, custody.ThreadCustody)]
        lost = [answer for answer in answers if isinstance(answer, Refusal)]
        assert len({answer.assigned for answer in won}) == 1
        assert len(won) == 2
        assert {(answer.code, answer.members["assigned"]) for answer in lost} == {
            ("thread-taken", str(won[0].assigned))
        }
        assert len(lost) == 6
        await s.quiet()
        assert [got.event.claimed_by for got in await s.events(ThreadClaimed)] == [won[0].assigned]


async def test_who_had_a_thread_and_why_it_went_on_is_kept_for_both_sides(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        thread = await opened(s)
        await send(s, thread, "my ankle", MARIA)
        await claim(s, thread, GRACE)
        await hand(s, thread, GRACE, to=DANA)
        await hand(s, thread, DANA, team="clinicians-on-call")
        await claim(s, thread, DANA)
        await release(s, thread, DANA)
        ids = {who: s.person(who) for who in (GRACE, DANA)}
        for reader in (MARIA, DANA):
            told = await s.ask(custody.CUSTODY, messaging.OfThread(thread=thread), as_=reader)
            assert (told.assigned, told.team) == (None, "clinicians-on-call")
            assert [(step.how, step.person, step.from_person, step.to_person, step.to_team) for step in told.steps] == [
                ("claimed", ids[GRACE], None, ids[GRACE], "care"),
                ("handed-over", ids[GRACE], ids[GRACE], ids[DANA], "care"),
                ("handed-over", ids[DANA], ids[DANA], None, "clinicians-on-call"),
                ("claimed", ids[DANA], None, ids[DANA], "clinicians-on-call"),
                ("released", ids[DANA], ids[DANA], None, "clinicians-on-call"),
            ]
            assert [step.reason for step in told.steps] == [None, WHY, WHY, None, None]
            assert [step.at for step in told.steps] == sorted({step.at for step in told.steps})
        await s.quiet()
        moves = [got.event for got in await s.events(ThreadHandedOver)]
        assert [(event.owner, event.assigned) for event in moves] == [
            ("team:care", ids[DANA]),
            ("team:clinicians-on-call", None),
        ]
        assert [got.event.owner for got in await s.events(ThreadReleased)] == ["team:clinicians-on-call"]
        held = [tuple(row) for row in await s.fetch("handoffs", OF_CASE, thread)]
        reply = (HandoffName.THREAD_REPLY, "open")
        assert held == [
            (*reply, "team:care", ids[GRACE]),
            (*reply, "team:care", ids[DANA]),
            (*reply, "team:clinicians-on-call", ids[DANA]),
            (*reply, "team:clinicians-on-call", None),
        ]
        for table in ("custody", "outbox", "audit", "idempotency"):
            for row in await s.fetch("messaging", f"SELECT t::text AS line FROM {table} t"):  # noqa: S608
                assert "swelling" not in row["line"]
                assert b"swelling".hex() not in row["line"]


async def test_the_ledger_takes_the_work_where_it_is_done_and_knows_who_has_the_next_message(stack: Any) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        thread = await opened(s)
        await send(s, thread, "first", MARIA)
        await s.quiet()
        handoff = await s.fetchval("handoffs", "SELECT id FROM handoff WHERE case_id = $1", thread)
        with pytest.raises(Refusal, match="taken-where-it-is-done"):
            await s.ask(ACCEPT, OfHandoff(handoff=handoff), as_=GRACE)
        await claim(s, thread, GRACE)
        await send(s, thread, "an answer", GRACE)
        await send(s, thread, "second", MARIA)
        await s.quiet()
        grace = s.person(GRACE)
        held = [(row["state"], row["accepted_by"]) for row in await s.fetch("handoffs", OF_CASE, thread)]
        assert held == [("closed", grace), ("open", grace)]


async def test_support_reads_only_what_it_has_claimed_and_only_as_long_as_it_has_it(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread, care = await thread_of(s, ThreadKind.SUPPORT), await opened(s)
        for one in (thread, care):
            await send(s, one, "the bill is wrong", MARIA)
        for attempt in (texts(s, thread, SAM), texts(s, care, SAM), claim(s, care, SAM), hand(s, thread, SAM, to=SAM)):
            with pytest.raises(Refusal, match="no-such-thread"):
                await attempt
        await claim(s, thread, SAM)
        assert await texts(s, thread, SAM) == ["the bill is wrong"]
        await send(s, thread, "we look at it", SAM)
        await s.ask(messaging.MARK_READ, messaging.MarkRead(thread=thread, sequence=1), as_=SAM)
        await release(s, thread, SAM)
        for attempt in (texts(s, thread, SAM), send(s, thread, "one more", SAM), claim(s, thread, SAM)):
            with pytest.raises(Refusal, match="no-such-thread"):
                await attempt
        await send(s, thread, "and?", MARIA)
        await claim(s, thread, SAM)
        await hand(s, thread, SAM, team="care")
        with pytest.raises(Refusal, match="no-such-thread"):
            await texts(s, thread, SAM)
        with pytest.raises(Refusal, match="no-such-thread"):
            await texts(s, thread, GRACE)
        await claim(s, thread, GRACE)
        assert len(await texts(s, thread, GRACE)) == 3


async def test_whoever_left_the_team_is_refused_at_the_next_request(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        support, care = await thread_of(s, ThreadKind.SUPPORT), await opened(s)
        for thread, who in ((support, SAM), (care, GRACE)):
            await send(s, thread, "hello?", MARIA)
            await claim(s, thread, who)
        for thread, who in ((support, SAM), (care, GRACE)):
            still, gone = s.token(who), s.token(who, teams=[])
            read = messaging.ReadMessages(thread=thread)
            assert len((await s.ask(messaging.MESSAGES, read, token=still)).messages) == 1
            for op, ask in (
                (messaging.MESSAGES, read),
                (messaging.SEND, messaging.Send(thread=thread, text="hello")),
                (custody.CUSTODY, messaging.OfThread(thread=thread)),
                (custody.RELEASE, messaging.OfThread(thread=thread)),
                (custody.CLAIM, messaging.OfThread(thread=thread)),
                (messaging.CLOSE_THREAD, messaging.OfThread(thread=thread)),
            ):
                assert await refused(s, op, ask, gone) == "no-such-thread"
            assert (await s.ask(custody.INBOX, custody.AskInbox(), token=gone)).threads == []


async def test_a_nurse_of_the_team_is_refused_once_nothing_is_owed_unless_the_thread_is_hers(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        answered, claimed = await opened(s), await opened(s)
        for thread in (answered, claimed):
            await send(s, thread, "hello?", MARIA)
        await claim(s, claimed, GRACE)
        for thread in (answered, claimed):
            await send(s, thread, "hello!", GRACE)
        assert len(await texts(s, claimed, GRACE)) == 2
        for attempt in (texts(s, answered, GRACE), claim(s, answered, GRACE)):
            with pytest.raises(Refusal, match="no-such-thread"):
                await attempt


async def test_a_clinician_no_longer_treating_the_patient_takes_part_no_longer(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s, by=BEN)
        await send(s, thread, "how are you?", BEN)
        await s.as_owner("directory", "UPDATE relationship SET ended_at = now() - interval '1 second'")
        ended = RelationshipEnded(relationship=uuid4(), patient=s.person(MARIA), clinician=s.person(BEN))
        await s.deliver("messaging", ended)
        with pytest.raises(Refusal, match="no-such-thread"):
            await texts(s, thread, BEN)


async def test_a_promise_that_passed_frees_the_thread_for_a_colleague(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        await send(s, thread, "anybody there?", MARIA)
        await claim(s, thread, GRACE)
        with pytest.raises(Refusal, match="thread-taken"):
            await claim(s, thread, AMARA)
        s.clock.advance(timedelta(hours=24, minutes=1))
        assert (await claim(s, thread, AMARA)).assigned == s.person(AMARA)
        with pytest.raises(Refusal, match="not-yours-to-pass-on"):
            await release(s, thread, GRACE)


async def test_a_thread_goes_only_to_whoever_may_see_to_it(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        care, support = await opened(s), await thread_of(s, ThreadKind.SUPPORT)
        for thread, who in ((care, GRACE), (support, SAM)):
            await send(s, thread, "hello?", MARIA)
            await claim(s, thread, who)
        for attempt in (
            hand(s, care, GRACE, to=SAM),
            hand(s, care, GRACE, team="support"),
            hand(s, care, GRACE, to=MARIA),
            hand(s, care, GRACE, to="noor-haddad"),
            hand(s, support, SAM, to=BEN),
        ):
            with pytest.raises(Refusal, match="cannot-see-to-it"):
                await attempt
        for attempt in (hand(s, care, GRACE), hand(s, care, GRACE, to=BEN, team="care")):
            with pytest.raises(Refusal, match="one-receiver"):
                await attempt
        with pytest.raises(Refusal, match="already-theirs"):
            await hand(s, care, GRACE, to=GRACE)
        with pytest.raises(Refusal, match="not-yours-to-pass-on"):
            await hand(s, care, BEN, to=BEN)
        for who in (JONAS, MARIA, "noor-haddad", "olive-park"):
            for attempt in (claim(s, care, who), hand(s, care, who, to=BEN), release(s, care, who)):
                with pytest.raises(Refusal) as refusal:
                    await attempt
                assert refusal.value.status in {403, 404}
        await s.ask(messaging.CLOSE_THREAD, messaging.OfThread(thread=care), as_=GRACE)
        for attempt in (claim(s, care, GRACE), hand(s, care, GRACE, to=BEN), release(s, care, GRACE)):
            with pytest.raises(Refusal, match="thread-closed"):
                await attempt


async def test_staff_do_not_see_to_their_own_or_their_wards_thread(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s, patient="samira-khan", by="samira-khan")
        await send(s, thread, "hello?", "samira-khan")
        for who in ("samira-khan", "aisha-khan"):
            token = s.token(who, roles=["patient", "proxy", "nurse"], teams=["care"])
            of = messaging.OfThread(thread=thread)
            passed = custody.HandOver(thread=thread, to_team="clinicians-on-call", reason=WHY)
            asks: list[tuple[Operation[Any, Any], Ask]] = [
                (custody.CLAIM, of),
                (custody.HAND_OVER, passed),
                (custody.RELEASE, of),
                (messaging.REPLY_NOT_NEEDED, of),
                (messaging.CLOSE_THREAD, of),
            ]
            for op, ask in asks:
                with pytest.raises(Forbidden):
                    await s.ask(op, ask, token=token)


async def test_a_repeat_of_each_change_is_answered_again_and_done_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        await send(s, thread, "hello?", MARIA)
        steps: list[tuple[Operation[Any, custody.ThreadCustody], Ask]] = [
            (custody.CLAIM, messaging.OfThread(thread=thread)),
            (custody.HAND_OVER, custody.HandOver(thread=thread, to_team="clinicians-on-call", reason=WHY)),
        ]
        for op, ask in steps:
            both = [await s.ask(op, ask, as_=AMARA, key=f"key-{op.name}") for _ in range(2)]
            assert both[0] == both[1]
        told = await s.ask(custody.CUSTODY, messaging.OfThread(thread=thread), as_=MARIA)
        assert [step.how for step in told.steps] == ["claimed", "handed-over"]


async def test_a_consult_goes_only_to_a_clinician_licensed_where_the_patient_is(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await thread_of(s, ThreadKind.CARE)
        seen_to = f"UPDATE thread SET kind = 'consult', assigned = '{s.person(BEN)}' WHERE id = '{thread}'"  # noqa: S608
        await s.as_owner("messaging", seen_to)
        await send(s, thread, "my skin", MARIA)
        with pytest.raises(Refusal, match="thread-taken"):
            await claim(s, thread, AMARA)
        for who in (CHEN, GRACE):
            with pytest.raises(Refusal, match="cannot-see-to-it"):
                await hand(s, thread, BEN, to=who)
        await hand(s, thread, BEN, to=AMARA)
        assert await texts(s, thread, AMARA) == ["my skin"]
        await release(s, thread, AMARA)
        for who in (CHEN, GRACE):
            with pytest.raises(Refusal, match="cannot-see-to-it"):
                await claim(s, thread, who)
        assert (await claim(s, thread, DANA)).assigned == s.person(DANA)
        await s.quiet()
        moves = [got.event.owner for got in await s.events(ThreadHandedOver)]
        assert moves == [f"clinician:{s.person(AMARA)}"]
