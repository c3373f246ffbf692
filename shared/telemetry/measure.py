"""Measuring a service: what keeps it from being ready, and how much waits in its outbox, inbox and deadlines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nats.errors import Error as NatsError

from shared.deadlines import rows as deadlines
from shared.errors import Unavailable
from shared.inbox import store as inbox
from shared.inbox.provision import STREAM
from shared.outbox import store as outbox
from shared.telemetry import metrics

if TYPE_CHECKING:
    from shared.app import Ground

ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class Measure:
    """Looks at one service from inside."""

    ground: Ground
    reacts: bool = True

    async def missing(self) -> list[str]:
        """What is out of reach at this moment."""
        missing = []
        if not self.ground.bus.nats.is_connected:
            missing.append("nats")
        if self.ground.settings.keeps_records and not await self._database_answers():
            missing.append("database")
        return missing

    async def measure(self) -> None:
        """Set the gauges."""
        service = self.ground.settings.service
        if not self.ground.settings.keeps_records:
            return
        async with self.ground.db.transaction() as tx:
            waiting, age = await outbox.waiting(tx)
            late, longest = await deadlines.late(tx, self.ground.clock())
            letters = await inbox.count_open(tx)
        metrics.OUTBOX_WAITING.labels(service).set(waiting)
        metrics.OUTBOX_AGE.labels(service).set(age)
        metrics.DEADLINES_LATE.labels(service).set(late)
        metrics.DEADLINES_AGE.labels(service).set(longest)
        metrics.DEAD_LETTERS.labels(service).set(letters)
        if self.reacts:
            consumer = await self.ground.bus.js.consumer_info(STREAM, service, timeout=ANSWER_SECONDS)
            metrics.INBOX_LAG.labels(service).set(consumer.num_pending or 0)
            metrics.INBOX_UNACKNOWLEDGED.labels(service).set(consumer.num_ack_pending or 0)

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self.ground.db.transaction() as tx:
                await tx.fetchval("SELECT 1")
        except (Unavailable, NatsError, TimeoutError):
            return False
        return True
