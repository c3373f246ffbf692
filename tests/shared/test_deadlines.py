"""Deadlines: each fires exactly once, whoever runs and whatever was down."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.booking import VideoLeft
from shared.database import Database
from shared.deadlines import cancel_deadlines, set_deadline
from shared.deadlines.fire import Firing
from tests.support.clinic import CALL_BACK, Clinic, at_work, call_back

if TYPE_CHECKING:
    import io

    from shared.app import Ground
    from shared.database import Tx
    from shared.deadlines import Deadline
    from tests.support.stack import Open, Stack

LONG = timedelta(hours=6)


async def owe(s: Stack, *entities: UUID, after: timedelta = LONG, kind: str = CALL_BACK) -> None:
    async with (await s.db("booking")).transaction() as tx:
        for entity in entities:
            await set_deadline(tx, kind, entity, s.clock() + after)


async def fired(s: Stack) -> list[UUID]:
    rows = await s.fetch("booking", "SELECT entity FROM effect WHERE what = 'call-back' ORDER BY id")
    return [row["entity"] for row in rows]


async def test_each_fires_once_after_an_outage_of_hours_with_three_services_at_it(stack: Open) -> None:
    async with at_work(stack) as s:
        owed = [uuid4() for _ in range(120)]
        await owe(s, *owed)
        await s.stop("booking")
        s.clock.advance(2 * LONG)
        running = [await s.start("booking") for _ in range(3)]
        await s.quiet(20)
        for one in running[:2]:
            await one.stop()
        assert sorted(await fired(s)) == sorted(owed)
        assert sorted(one.event.video for one in await s.events(VideoLeft)) == sorted(owed)


async def test_nothing_fires_before_it_is_due_and_all_does_after(stack: Open) -> None:
    async with at_work(stack) as s:
        soon, later = uuid4(), uuid4()
        await owe(s, later)
        await owe(s, soon, after=timedelta(seconds=0.3))
        await s.until(lambda: fired(s))
        assert await fired(s) == [soon]
        s.clock.advance(LONG)
        await s.quiet()
        assert await fired(s) == [soon, later]


async def test_setting_twice_is_setting_once(stack: Open) -> None:
    async with at_work(stack) as s:
        entity, due = uuid4(), s.clock() + LONG
        for _ in range(2):
            async with (await s.db("booking")).transaction() as tx:
                await set_deadline(tx, CALL_BACK, entity, due)
        s.clock.advance(2 * LONG)
        await s.quiet()
        assert await fired(s) == [entity]


async def test_what_is_cancelled_does_not_fire(stack: Open) -> None:
    async with at_work(stack) as s:
        cancelled, kept = uuid4(), uuid4()
        await owe(s, cancelled, kept)
        async with (await s.db("booking")).transaction() as tx:
            await cancel_deadlines(tx, CALL_BACK, cancelled, s.clock())
        s.clock.advance(2 * LONG)
        await s.quiet()
        assert await fired(s) == [kept]


async def test_what_is_cancelled_and_set_again_for_the_same_time_fires_once(stack: Open) -> None:
    async with at_work(stack) as s:
        entity, due = uuid4(), s.clock() + LONG
        async with (await s.db("booking")).transaction() as tx:
            await set_deadline(tx, CALL_BACK, entity, due)
            await cancel_deadlines(tx, CALL_BACK, entity, s.clock())
            await set_deadline(tx, CALL_BACK, entity, due)
        s.clock.advance(2 * LONG)
        await s.until(lambda: fired(s))
        await s.quiet()
        async with (await s.db("booking")).transaction() as tx:
            await set_deadline(tx, CALL_BACK, entity, due)
        await s.quiet()
        assert await fired(s) == [entity]


async def test_cancelling_while_the_work_is_under_way_undoes_the_work_and_neither_waits_for_the_other(
    stack: Open,
) -> None:
    async with at_work(stack) as s:
        ground = s.ground("booking")
        await s.stop("booking")
        entity = uuid4()
        await owe(s, entity, after=-LONG)
        db = await Database.connect(s.servers.postgres.urls("booking")[0], size=2)

        async def fire(ground: Ground, tx: Tx, deadline: Deadline) -> None:
            await call_back(ground, tx, deadline)
            async with asyncio.timeout(2), db.transaction() as other:
                await cancel_deadlines(other, CALL_BACK, entity, ground.clock())

        await Firing(s.on(ground, db), {CALL_BACK: fire}).fire_due()
        await db.close()
        assert await fired(s) == []
        assert await s.fetchval("booking", "SELECT count(*) FROM outbox") == 0


async def test_one_whose_work_fails_is_tried_again_and_holds_up_no_other(stack: Open) -> None:
    async with at_work(stack) as s:
        ground = s.ground("booking")
        await s.stop("booking")
        broken, fine = uuid4(), uuid4()
        await owe(s, broken, after=-2 * LONG)
        await owe(s, fine, after=-LONG)
        db = await s.db("booking")
        faulty = {broken}

        async def fire(ground: Ground, tx: Tx, deadline: Deadline) -> None:
            await call_back(ground, tx, deadline)
            assert deadline.entity not in faulty

        firing = Firing(s.on(ground, db), {CALL_BACK: fire}, batch=1)
        for _ in range(3):
            await firing.fire_due()
        assert await fired(s) == [fine]
        faulty.clear()
        s.clock.advance(timedelta(minutes=2))
        await firing.fire_due()
        assert await fired(s) == [fine, broken]


async def test_an_unknown_kind_is_left_alone_and_logged_once(stack: Open, log: io.StringIO) -> None:
    async with at_work(stack) as s:
        await owe(s, uuid4(), after=-LONG, kind="of-a-newer-version")
        known = uuid4()
        await owe(s, known, after=-LONG)
        await s.until(lambda: fired(s))
        await asyncio.sleep(0.3)
        assert await s.fetchval("booking", "SELECT count(*) FROM deadline WHERE fired_at IS NULL") == 1
        assert log.getvalue().count("deadline.unknown-kind") == 1


async def test_while_the_database_is_away_they_wait(stack: Open) -> None:
    async with at_work(stack) as s:
        owed = [uuid4() for _ in range(20)]
        await owe(s, *owed)
        s.servers.postgres.kill()
        s.clock.advance(2 * LONG)
        await asyncio.sleep(0.5)
        await s.servers.ready()
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) = 20 FROM effect"), 20)
        await s.quiet(20)
        assert sorted(await fired(s)) == sorted(owed)


async def test_a_service_without_handlers_fires_nothing(stack: Open) -> None:
    async with at_work(stack, Clinic()) as s:
        await owe(s, uuid4(), after=-LONG, kind="nothing")
        assert await Firing(s.ground("booking"), {}).fire_due() == 0
