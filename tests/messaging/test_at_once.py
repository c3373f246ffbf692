"""Many who write in the same moment, at several instances of the service."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg

from baton_events.codes import Party
from baton_events.messaging import FollowUpSent, MessageSent
from baton_events.visits import VisitEnded
from services.messaging.operations.post import Letter, post
from shared.call import Call
from shared.errors import Refusal, Unavailable
from shared.identity.people import Person, Role
from shared.requests import messaging as ask
from shared.requests.messaging import SEND, Sent
from tests.messaging.test_threads import BEN, MARIA, opened, treats

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from tests.support.stack import Stack

WAITING = "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
CUT = """
SELECT pg_terminate_backend(pid)
  FROM (SELECT pid FROM pg_stat_activity WHERE usename = 'messaging' ORDER BY random() LIMIT 2) AS picked
"""
LEFT_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"


def ended(s: Stack, visit: UUID) -> VisitEnded:
    """A visit of Maria's after which Ben owes her a message."""
    return VisitEnded(
        visit=visit,
        appointment=uuid4(),
        patient=s.person(MARIA),
        clinician=s.person(BEN),
        clinician_owner=f"clinician:{s.person(BEN)}",
        summary_due=s.clock() + timedelta(hours=2),
        follow_up_due=s.clock() + timedelta(hours=4),
    )


async def letter(s: Stack, ground: MessagingGround, thread: UUID, follow_up_of: UUID | None = None) -> Letter:
    """What Ben writes into the thread."""
    now = s.clock()
    caller = Person(id=s.person(BEN), roles=frozenset({Role.CLINICIAN}), teams=frozenset(), expires=now)
    call = Call(operation=SEND, caller=caller, token="", now=now, deadline=now, key=str(uuid4()), fingerprint=b"any")
    card = await ground.card(thread)
    return Letter(
        call=call,
        card=card,
        keys=await ground.sealing.keys(card.patient, card.id),
        party=Party.STAFF,
        text="How are you?",
        trace=None,
        follow_up_of=follow_up_of,
        vouched=True,
    )


async def test_letters_that_share_a_transaction_are_posted_also_when_it_stands_in_anothers_way(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        visits = [uuid4(), uuid4()]
        for visit in visits:
            await s.handled("messaging", await s.publish(ended(s, visit)))
        ground: Any = s.ground("messaging")
        threads = [await opened(s) for _ in range(4)]
        one = [await letter(s, ground, threads[n], visits[n]) for n in (0, 1)]
        other = [await letter(s, ground, threads[2 + n], visits[1 - n]) for n in (0, 1)]
        async with (await s.db("messaging")).transaction() as tx:
            await tx.execute("SELECT FROM follow_up FOR UPDATE")
            posting = [asyncio.create_task(post(ground.db, letters)) for letters in (one, other)]
            await s.until(lambda: s.fetchval("messaging", WAITING))
        both = await asyncio.gather(*posting)
        answers = [answer for answers in both for answer in answers]
        assert sum(isinstance(answer, Sent) for answer in answers) == 2
        assert sorted(type(answer).__name__ for answer in answers if not isinstance(answer, Sent)) == [
            "FollowUpNotOwed",
            "FollowUpNotOwed",
        ]
        await s.quiet()
        assert sorted(got.event.visit for got in await s.events(FollowUpSent)) == sorted(visits)


async def test_what_is_sent_until_it_is_answered_is_written_once_at_two_services_at_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        beside = s.services["messaging"]
        await s.start("messaging")
        await treats(s, BEN, MARIA)
        threads = [await opened(s) for _ in range(2)]
        given_up = 0

        async def write(number: int) -> Sent:
            """Ask with little patience, under the same key, until there is an answer."""
            nonlocal given_up
            key, who = f"letter-{number}", (MARIA, BEN)[number % 2]
            wanted, seconds = ask.Send(thread=threads[number % 4 // 2], text=f"number {number}"), 0.02
            while True:
                try:
                    return await s.ask(SEND, wanted, as_=who, key=key, seconds=seconds)
                except Unavailable:
                    given_up, seconds = given_up + 1, seconds * 1.5

        numbers = [*range(120), *range(120)]
        answers = await asyncio.gather(*(write(number) for number in numbers))
        await s.quiet()
        assert given_up > 20
        assert answers[:120] == answers[120:]
        for thread in threads:
            found = [got.event.thread_sequence for got in await s.events(MessageSent) if got.event.thread == thread]
            assert found == list(range(1, 61))
        assert await s.fetchval("messaging", "SELECT count(*) FROM message") == 120
        assert await s.fetchval("messaging", LEFT_OPEN) == 0
        await beside.stop()


async def test_while_connections_to_the_database_are_cut_all_is_written_once_and_nobody_hears_of_a_fault(
    stack: Any,
) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        admin = await asyncpg.connect(s.servers.postgres.superuser_url)
        told: set[str] = set()

        async def cut() -> None:
            while True:
                await admin.execute(CUT)
                await asyncio.sleep(0.04)

        async def write(number: int) -> Sent:
            wanted = ask.Send(thread=thread, text=f"number {number}")
            while True:
                try:
                    return await s.ask(SEND, wanted, as_=MARIA, key=f"letter-{number}")
                except Refusal as refused:
                    told.add(refused.code)
                    await asyncio.sleep(0.05)

        cutting = asyncio.create_task(cut())
        answers = []
        for first in range(0, 160, 20):
            answers += await asyncio.gather(*(write(number) for number in [*range(first, first + 20)] * 2))
        cutting.cancel()
        [ended] = await asyncio.gather(cutting, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError)
        await admin.close()
        assert len(answers) == 2 * len({answer.message for answer in answers}) == 320
        assert told <= {"busy", "records-unavailable"}
        assert "records-unavailable" in told
        await s.quiet()
        assert [got.event.thread_sequence for got in await s.events(MessageSent)] == list(range(1, 161))
