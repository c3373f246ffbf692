"""Reading over the gateway, against a single indexed select: the newest page of a thread, an inbox of many threads."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from deploy.journey.walk import Walk
    from tests.bench.load import Sender
    from tests.support.installed import Installed

FEW, MANY = 100, 100_000
PAGE = 40
THREADS = 10_000
ROUNDS, READS, SELECTS = 6, 30, 100

FILL = """
WITH beneath AS (
    SELECT t.id, t.patient, t.sequence AS top, n FROM thread t CROSS JOIN generate_series(1, $2::integer) AS n
     WHERE t.id = $1
), filled AS (
    INSERT INTO message (thread, sequence, id, author, party, sealed, at)
    SELECT id, top + n, gen_random_uuid(), patient, 'patient', decode(repeat('5a', 330), 'hex'), now() FROM beneath
)
UPDATE thread SET sequence = sequence + $2::integer WHERE id = $1
"""
SEAT = """
WITH seated AS (
    INSERT INTO thread (id, patient, kind, team, opened_by, opened_at, last_at, sequence, reply_owed, reply_due)
    SELECT gen_random_uuid(), $2::uuid, 'care', 'clinicians-on-call', $2::uuid, now(),
           now() + n * interval '1 second', 5, n % 2 = 0,
           CASE WHEN n % 2 = 0 THEN now() + n * interval '1 minute' END
      FROM generate_series(1, $3::integer) AS n
    RETURNING id, urgency
)
INSERT INTO participant (thread, person, joined_at, urgency) SELECT id, $1::uuid, now(), urgency FROM seated
"""
ONE = "SELECT sealed FROM message WHERE thread = $1 AND sequence = $2"


@asynccontextmanager
async def records(stack: Installed) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Messaging's own rows, as superuser."""
    connection = await asyncpg.connect(stack.database_url("messaging"))
    try:
        yield connection
    finally:
        await connection.close()


async def filled(stack: Installed, senders: list[Sender]) -> None:
    """Threads of 1e2 and of 1e5 messages, written by SQL beneath a newest page of real ones."""
    async with records(stack) as rows:
        for one, messages in zip(senders, (FEW, MANY), strict=True):
            await rows.execute(FILL, UUID(one.thread), messages - PAGE)
        await rows.execute("ANALYZE")
    for one in senders:
        for _ in range(PAGE):
            await one.send()


async def reading(stack: Installed, walk: Walk, senders: list[Sender]) -> tuple[dict[str, float], dict[str, float]]:
    """How many single selects a newest page and an inbox cost, and how each grows; `senders` have filled threads."""
    few, many = senders
    staff = await walk.person("dana-reyes")
    async with records(stack) as rows:
        select = await one_select(rows, UUID(many.thread))
        small, large = await in_turns(lambda: page(few), lambda: page(many))
        await rows.execute(SEAT, staff.id, few.person.id, FEW)
        short = await timed(lambda: staff.get("/v1/inbox"), ROUNDS * READS)
        await rows.execute(SEAT, staff.id, few.person.id, THREADS - FEW)
        await rows.execute("ANALYZE thread, participant")
        long = await timed(lambda: staff.get("/v1/inbox"), ROUNDS * READS)
        deep = "UPDATE thread SET sequence = $1::integer WHERE team = 'clinicians-on-call'"
        await rows.execute(deep, MANY)
        deeper = await timed(lambda: staff.get("/v1/inbox"), ROUNDS * READS)
    ratios = {
        "page.selects": large / select,
        "page.growth": large / small,
        "inbox.selects": long / select,
        "inbox.growth": long / short,
        "inbox.growth.messages": deeper / long,
    }
    facts = {"select.ms": select, "page.few.ms": small, "page.many.ms": large, "inbox.few.ms": short, "inbox.ms": long}
    return ratios, {name: round(value * 1e3, 3) for name, value in facts.items()}


async def page(one: Sender) -> dict[str, Any]:
    """The newest page of their thread."""
    return await one.person.get(f"/v1/threads/{one.thread}/messages")


async def one_select(rows: asyncpg.Connection[asyncpg.Record], thread: UUID) -> float:
    """Seconds that asyncpg takes for one message by its place, at the median."""
    places = iter(range(1, 10 * SELECTS))
    return await timed(lambda: rows.fetchval(ONE, thread, next(places)), SELECTS)


async def in_turns(*asks: Callable[[], Awaitable[object]]) -> list[float]:
    """The median seconds of each, taken in turns, so that a slow minute is everybody's."""
    takes: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for ask, taken in zip(asks, takes, strict=True):
            taken.append(await timed(ask, READS))
    return [median(taken) for taken in takes]


async def timed(ask: Callable[[], Awaitable[object]], times: int) -> float:
    """The median seconds of one."""
    takes = []
    for _ in range(times):
        started = time.perf_counter()
        await ask()
        takes.append(time.perf_counter() - started)
    return median(takes)
