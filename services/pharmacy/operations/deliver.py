"""Send what is due to the pharmacies, many at once, one order of messages for each prescription and pharmacy."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import aiohttp

from services.pharmacy.operations.send import send
from services.pharmacy.store import deliveries
from shared import audit, logs
from shared.background import repeat

if TYPE_CHECKING:
    from datetime import datetime

    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.store.deliveries import Taken

BEYOND_TIMEOUT = timedelta(seconds=20)
"""How long after its timeout a message that was taken may be taken again."""

FAILED = logs.event("delivery.failed", "pharmacy", "delivery", "attempts")


async def send_deliveries(ground: PharmacyGround, stop: asyncio.Event) -> None:
    """Send whatever is due until told to stop; what is under way then is finished."""
    timeout = aiohttp.ClientTimeout(total=ground.settings.delivery_timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as tasks:
        sending = Sending(ground, session, tasks)
        await repeat("pharmacy.deliveries", sending.begin, stop, wake=ground.posting)


@dataclass(frozen=True)
class Sending:
    """What is under way in this process; `under_way` counts it by pharmacy, so that a slow one does not take all."""

    ground: PharmacyGround
    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    under_way: Counter[UUID] = field(default_factory=Counter)

    async def begin(self) -> float:
        """Take what is due and may be sent, and begin to send it; gives the seconds until there may be more."""
        settings = self.ground.settings
        free = min(settings.delivery_slots - self.under_way.total(), settings.partner_slots)
        if free <= 0:
            return settings.delivery_poll_seconds
        taken = await self._take(self.ground.clock(), free)
        for delivery in taken:
            self.under_way[delivery.pharmacy] += 1
            self.tasks.create_task(self._send(delivery))
        return 0.0 if len(taken) == free else settings.delivery_poll_seconds

    async def _take(self, now: datetime, most: int) -> list[Taken]:
        """Messages that are ours for a while; each is put on record as leaving the house before it does."""
        settings = self.ground.settings
        until = now + timedelta(seconds=settings.delivery_timeout_seconds) + BEYOND_TIMEOUT
        busy = [pharmacy for pharmacy, count in self.under_way.items() if count >= settings.partner_slots]
        async with self.ground.db.transaction() as tx:
            taken = await deliveries.take(tx, now, until, busy, most)
            for delivery in taken:
                await audit.record_reaction(
                    tx,
                    "pharmacy",
                    delivery.cause,
                    now,
                    "read",
                    "pharmacy.deliver",
                    patient=delivery.patient,
                    object=delivery.prescription,
                    range=f"to pharmacy:{delivery.pharmacy}",
                )
        return taken

    async def _send(self, delivery: Taken) -> None:
        try:
            await send(self.ground, self.session, delivery)
        except Exception as error:  # noqa: BLE001 - one message that fails does not end the others; it is taken again
            FAILED.error(
                error=error, pharmacy=str(delivery.pharmacy), delivery=str(delivery.id), attempts=delivery.attempts
            )
        finally:
            self.under_way[delivery.pharmacy] -= 1
            self.ground.posting.set()
