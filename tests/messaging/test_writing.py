"""Who is writing is told to the other side in passing: bounded, to nobody else, and kept nowhere."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from baton_events.codes import Party
from shared.passing import SomebodyWrites
from shared.requests import conversation as talk
from shared.requests import messaging as ask
from tests.messaging.test_corrections import refused
from tests.messaging.test_threads import BEN, JONAS, MARIA, opened, treats

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Stack

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"

SIGNED = "SELECT count(*) = (SELECT count(*) FROM audit) AND EXISTS (SELECT FROM audit_checkpoint) FROM audit_link"
"""What was done before is linked and signed, which is not said again for a minute."""


async def writes(s: Stack, thread: UUID, by: str) -> talk.Writing:
    return await s.ask(talk.WRITING, ask.OfThread(thread=thread), as_=by)


async def kept(s: Stack) -> dict[str, int]:
    """How much there is of messaging in the stream and in every table."""
    js = s.stream.client.jetstream()
    said = (await js.stream_info("CARE", subjects_filter="care.messaging.>")).state.subjects or {}
    counts = {"the stream": sum(said.values())}
    for row in await s.fetch("messaging", TABLES):
        counts[row["relname"]] = await s.fetchval("messaging", f"SELECT count(*) FROM {row['relname']}")  # noqa: S608
    return counts


async def test_writing_is_said_under_live_and_kept_nowhere(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        maria = s.person(MARIA)
        heard: list[SomebodyWrites] = []
        ears = await s.stream.client.subscribe("live.>")
        await s.until(lambda: s.fetchval("messaging", SIGNED))
        await s.quiet()
        before = await kept(s)
        assert before["thread"] == 1
        assert before["the stream"]
        for who in (MARIA, BEN):
            await writes(s, thread, who)
        async with asyncio.timeout(5):
            while len(heard) < 2:
                message = await ears.next_msg()
                if message.subject == f"live.messaging.v1.thread.writing.{maria}":
                    heard.append(msgspec.json.decode(message.data, type=SomebodyWrites))
        assert heard == [
            SomebodyWrites(thread=thread, person=maria, party=Party.PATIENT),
            SomebodyWrites(thread=thread, person=s.person(BEN), party=Party.STAFF),
        ]
        await s.quiet()
        after = await kept(s)
        assert {name: after[name] - count for name, count in before.items()} == dict.fromkeys(before, 0)


async def test_writing_is_passed_on_at_most_once_in_a_while(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        threads = [await opened(s) for _ in range(2)]
        ears = await s.stream.client.subscribe("live.messaging.v1.thread.writing.*")
        answers = [await writes(s, threads[number % 2], MARIA) for number in range(6)]
        assert len({answer.again_at for answer in answers}) == 1
        s.clock.advance(timedelta(seconds=3))
        await writes(s, threads[1], MARIA)
        said = [msgspec.json.decode((await ears.next_msg(timeout=5)).data, type=SomebodyWrites) for _ in range(2)]
        assert [one.thread for one in said] == threads
        await s.stream.client.flush()
        assert ears.pending_msgs == 0


async def test_only_who_may_write_in_the_thread_is_said_to_be_writing(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        ears = await s.stream.client.subscribe("live.messaging.v1.thread.writing.*")
        for who, where in ((JONAS, thread), ("noor-haddad", thread), (MARIA, uuid4())):
            assert (await refused(writes(s, where, who))).code == "no-such-thread"
        assert (await refused(writes(s, thread, "olive-park"))).status == 403
        await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=thread), as_=BEN)
        assert (await refused(writes(s, thread, MARIA))).code == "thread-closed"
        await s.stream.client.flush()
        assert ears.pending_msgs == 0
