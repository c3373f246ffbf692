"""The fourteen days of a consult as the service runs them, with its clock set through the whole course."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.codes import ThreadKind
from baton_events.messaging import ConsultEnded, ConsultEnding, ThreadClosed
from services.messaging.model.clock import AGREED, ConsultEndsByItself, ConsultIsOver
from services.messaging.model.threads import ThreadCard
from services.messaging.operations import clock
from services.messaging.store import threads as store
from shared.errors import Refusal
from shared.requests import messaging as ask
from shared.sealing.erasure import mark_erased
from tests.messaging.test_threads import BEN, MARIA, send, texts

if TYPE_CHECKING:
    from datetime import datetime

    from services.messaging.model.clock import Clock
    from tests.support.stack import Open, Stack

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
WAITING = "SELECT count(*) = $1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'messaging'"


@dataclass
class Treated:
    """A consult of Maria's with Ben whose plan was given, and what is done in it."""

    s: Stack
    consult: UUID
    thread: UUID
    began: datetime

    @classmethod
    async def begin(cls, s: Stack, *, asked: bool = False) -> Treated:
        """Give the plan as the consult's own operation does; with a question of hers unanswered if `asked`."""
        it = cls(s, uuid4(), uuid4(), s.clock())
        ground: Any = s.ground("messaging")
        async with ground.db.transaction() as tx:
            card = ThreadCard(it.thread, s.person(MARIA), ThreadKind.CONSULT)
            await store.open_thread(tx, card, s.person(MARIA), it.began)
            await store.join(tx, it.thread, s.person(BEN), it.began)
        if asked:
            await it.write()
        async with ground.db.transaction() as tx:
            await clock.begin(tx, it.consult, it.thread, s.person(MARIA), it.began)
        return it

    async def write(self, by: str = MARIA) -> None:
        await send(self.s, self.thread, "how long does it burn?", by)

    async def clock(self) -> Clock:
        ground: Any = self.s.ground("messaging")
        async with ground.db.transaction() as tx:
            found = await clock.clock_of(tx, self.consult)
        assert found is not None
        return found

    async def announced(self) -> list[datetime]:
        """The ends that were announced."""
        await self.s.quiet()
        return [got.event.ends for got in await self.s.events(ConsultEnding) if got.event.consult == self.consult]

    async def ends(self) -> int:
        """How often it ended; its thread closed as often."""
        await self.s.quiet()
        ended = [got for got in await self.s.events(ConsultEnded) if got.event.consult == self.consult]
        closed = [got for got in await self.s.events(ThreadClosed) if got.event.thread == self.thread]
        assert len(ended) == len(closed)
        return len(ended)


def at(s: Stack, moment: datetime) -> None:
    s.clock.set(moment, still=True)


async def test_the_days_stand_still_while_an_answer_is_owed_and_end_once_and_announced(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        at(s, s.clock())
        it = await Treated.begin(s)
        assert (await it.clock()).ends_at == it.began + 14 * DAY
        at(s, it.began + 8 * HOUR)
        await it.write()
        assert (await it.clock()).paused_since == s.clock()
        at(s, it.began + DAY + 8 * HOUR)
        await it.write(BEN)
        assert (await it.clock()).ends_at == it.began + 15 * DAY
        at(s, it.began + 14 * DAY - SECOND)
        assert await it.announced() == []
        at(s, it.began + 14 * DAY)
        assert await it.announced() == [it.began + 15 * DAY]
        at(s, it.began + 15 * DAY - SECOND)
        await it.write()
        at(s, it.began + 17 * DAY - SECOND)
        assert await it.ends() == 0
        await it.write(BEN)
        assert await it.announced() == [it.began + 15 * DAY, it.began + 17 * DAY]
        assert (await it.clock()).left_at(s.clock()) == SECOND
        at(s, it.began + 17 * DAY)
        for who in (MARIA, BEN):
            with pytest.raises(Refusal, match=ConsultIsOver.code):
                await it.write(who)
        at(s, it.began + 17 * DAY + AGREED.on_its_way)
        assert await it.ends() == 1
        at(s, it.began + 400 * DAY)
        assert await it.ends() == 1
        for who in (MARIA, BEN):
            with pytest.raises(Refusal, match=ConsultIsOver.code):
                await it.write(who)
            assert len(await texts(s, it.thread, who)) == 4


async def test_an_outage_over_the_end_ends_it_once_and_one_over_the_announcement_puts_it_off(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        at(s, s.clock())
        told, untold = await Treated.begin(s), await Treated.begin(s)
        async with (await s.db("messaging")).transaction() as tx:
            await store.lock(tx, [untold.thread])
            await clock.pause(tx, untold.thread, told.began)
            await clock.resume(tx, untold.thread, told.began + DAY + HOUR)
        at(s, told.began + 14 * DAY - HOUR)
        assert len(await told.announced()) == 1
        await s.stop("messaging")
        at(s, told.began + 16 * DAY)
        beside = await s.start("messaging")
        await s.start("messaging")
        assert await told.ends() == 1
        assert await untold.announced() == [told.began + 17 * DAY]
        assert await untold.ends() == 0
        await untold.write()
        await untold.write(BEN)
        at(s, told.began + 17 * DAY + AGREED.on_its_way)
        assert await untold.ends() == 1
        assert (await told.announced(), await told.ends()) == ([told.began + 14 * DAY], 1)
        await beside.stop()


async def test_of_a_message_and_the_end_that_meet_one_wins_whole(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        for message_first in (True, False):
            at(s, s.clock())
            it = await Treated.begin(s)
            before, after = it.began + 14 * DAY - SECOND, it.began + 14 * DAY + AGREED.on_its_way
            at(s, before)
            assert len(await it.announced()) == 1
            moments = [before, after] if message_first else [after, before]
            async with (await s.db("messaging")).transaction() as tx:
                await store.lock(tx, [it.thread])
                for waiting, moment in enumerate(moments, 1):
                    at(s, moment)
                    if moment == before:
                        writing = asyncio.create_task(it.write())
                    await s.until(partial(s.fetchval, "messaging", WAITING, waiting))
            [refused] = await asyncio.gather(writing, return_exceptions=True)
            at(s, after)
            assert await it.ends() == (0 if message_first else 1)
            assert refused is None if message_first else isinstance(refused, Refusal)
            assert (await it.clock()).paused_since == (before if message_first else None)
            assert len(await texts(s, it.thread, MARIA)) == int(message_first)


async def test_a_message_that_needs_no_answer_lets_the_days_go_on_and_nobody_closes_them(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        at(s, s.clock())
        it = await Treated.begin(s, asked=True)
        assert (await it.clock()).paused_since == it.began
        at(s, it.began + 30 * DAY)
        await s.ask(ask.REPLY_NOT_NEEDED, ask.OfThread(thread=it.thread), as_=BEN)
        assert (await it.clock()).ends_at == it.began + 44 * DAY
        with pytest.raises(Refusal, match=ConsultEndsByItself.code):
            await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=it.thread), as_=BEN)
        assert await it.ends() == 0


async def test_several_messages_of_one_moment_stop_and_start_the_days_once(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        at(s, s.clock())
        it = await Treated.begin(s)
        at(s, it.began + DAY)
        await asyncio.gather(*(it.write(who) for who in (MARIA, BEN) * 10))
        await it.write(BEN)
        assert (await it.clock()).ends_at == it.began + 14 * DAY
        open_ = "SELECT count(*) FROM deadline WHERE fired_at IS NULL AND cancelled_at IS NULL"
        assert await s.fetchval("messaging", open_) == 1


async def test_nothing_is_said_of_the_end_to_whom_was_erased(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        at(s, s.clock())
        it = await Treated.begin(s)
        ground: Any = s.ground("messaging")
        async with ground.db.transaction() as tx:
            await mark_erased(tx, s.person(MARIA), s.clock())
        at(s, it.began + 30 * DAY)
        assert (await it.announced(), await it.ends()) == ([], 0)
