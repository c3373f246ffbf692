"""A pharmacy's counter in the test's own process: keeps what it is sent, and answers as it is told to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web
from standardwebhooks.webhooks import Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.pharmacy.playing import Pharmacies


@dataclass(frozen=True)
class Sent:
    """One webhook that verified."""

    pharmacy: UUID
    webhook_id: str
    bundle: dict[str, Any]

    @property
    def event(self) -> str:
        """NewRx or CancelRx."""
        return str(self.bundle["entry"][0]["resource"]["eventCoding"]["code"])

    @property
    def request(self) -> dict[str, Any]:
        """The MedicationRequest."""
        return dict(self.bundle["entry"][1]["resource"])

    @property
    def routing(self) -> UUID:
        """The order's identifier."""
        return UUID(self.request["identifier"][0]["value"].removeprefix("urn:uuid:"))


@dataclass
class Counter:
    """Every webhook in the order in which it came, also repeats. `answers` are given in turn, then 204.

    `held` pharmacies do not answer before `release` is set.
    """

    pharmacies: Pharmacies
    sent: list[Sent] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    held: set[UUID] = field(default_factory=set)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        """Verify and keep."""
        pharmacy, body = UUID(request.match_info["pharmacy"]), await request.read()
        bundle = Webhook(self.pharmacies.secrets[pharmacy]).verify(body, dict(request.headers))
        self.sent.append(Sent(pharmacy, request.headers["webhook-id"], bundle))
        if pharmacy in self.held:
            await self.release.wait()
        return web.Response(status=self.answers.pop(0) if self.answers else 204)

    async def came(self, count: int) -> bool:
        """Whether so many webhooks have come."""
        return len(self.sent) >= count


@asynccontextmanager
async def counter(pharmacies: Pharmacies) -> AsyncIterator[Counter]:
    """All pharmacies' counters, where the simulator would listen."""
    stands = Counter(pharmacies)
    app = web.Application()
    app.router.add_post("/pharmacies/{pharmacy}", stands.take)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", pharmacies.port).start()
    try:
        yield stands
    finally:
        stands.release.set()
        await runner.cleanup()
