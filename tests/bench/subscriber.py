"""Another team's subscriber, counting messages as they arrive."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

from baton_events.messaging import MessageSent
from baton_events.subscriber import subscribe

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.installed import Installed


class Counter:
    """Counts messages, and notes when each arrived (`time.time()`)."""

    def __init__(self, stack: Installed) -> None:
        self._stack = stack
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.arrived: dict[UUID, float] = {}

    @property
    def seen(self) -> int:
        return len(self.arrived)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._count())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def reach(self, count: int) -> None:
        """Wait until so many have arrived."""
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: self.seen >= count)

    async def _count(self) -> None:
        async for got in subscribe(
            url=self._stack.nats_url, name="bench", seed_file=self._stack.home.nats_seed("bench")
        ):
            if isinstance(got.event, MessageSent):
                self.arrived[got.event.message] = time.time()
                async with self._news:
                    self._news.notify_all()
