"""The reconciler: has events published again that the stream no longer holds, and forgets old rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared import background, logs
from shared.outbox import store, stream
from shared.telemetry import metrics

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from asyncpg import Record
    from nats.aio.client import Client

    from shared.database import Database

RECENT = timedelta(hours=24)
KEPT = timedelta(days=14)
OVERLAP = timedelta(minutes=2)
"""Longer than a relay may take from stamping its rows to committing them."""
AT_ONCE = 500
FORGET = (
    (store.FORGET_UNTOLD, timedelta(hours=1)),
    (store.FORGET_PUBLISHED, KEPT),
    (store.FORGET_HANDLED, timedelta(days=90)),
    (store.FORGET_REPEATS, timedelta(days=14)),
)
FORGET_AT_ONCE = 5000

LOST = logs.event("reconciler.lost", "events")


@dataclass
class Reconciler:
    """Compares one service's outbox with the stream.

    After a start and after every reconnect it looks at the last day again, since that is when a broker may have lost
    what it had acknowledged; otherwise only at what is new. Where anything is missing, more may be, such as after an
    older copy of the stream was put back: then it looks at all that is kept.
    """

    db: Database
    nats: Client
    service: str
    every: float = 60.0
    _checked: datetime | None = None
    _reconnects: int = -1

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        await background.repeat("reconciler", self._step, stop)

    async def _step(self) -> float:
        await self.compare()
        await self.forget()
        return self.every

    async def compare(self) -> int:
        """Have what the stream lost published again; gives how many events that were."""
        reconnects = self.nats.stats["reconnects"]
        async with self.db.transaction() as tx:
            now = await store.database_time(tx)
        since = now - RECENT
        if self._checked is not None and reconnects == self._reconnects:
            since = max(since, self._checked - OVERLAP)
        lost = await self._compare_since(since)
        if lost:
            lost += await self._compare_since(now - KEPT)
        self._checked, self._reconnects = now, reconnects
        return lost

    async def _compare_since(self, since: datetime) -> int:
        lost, last = 0, 0
        while True:
            async with self.db.transaction() as tx:
                rows = await store.published_since(tx, since, last, AT_ONCE)
            if not rows:
                return lost
            lost += await self._compare(rows)
            since, last = rows[-1]["published_at"], rows[-1]["id"]

    async def _compare(self, rows: list[Record]) -> int:
        places = [row["stream_sequence"] for row in rows]
        stored = await stream.stored_from(self.nats, f"care.{self.service}.>", min(places), max(places))
        lost = [row["id"] for row in rows if str(row["event"]) not in stored]
        if lost:
            LOST.error(events=len(lost))
            metrics.REPUBLISHED.labels(self.service).inc(len(lost))
            async with self.db.transaction() as tx:
                await store.publish_again(tx, lost)
                tx.after_commit(tx.announced.set)
        return len(lost)

    async def forget(self) -> None:
        """Delete rows that are older than anyone asks for, some at a time."""
        for statement, age in FORGET:
            while True:
                async with self.db.transaction() as tx:
                    gone = await store.forget(tx, statement, age, FORGET_AT_ONCE)
                if gone < FORGET_AT_ONCE:
                    break
