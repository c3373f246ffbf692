"""Unwrapped keys in memory: so many, for so long, and never fetched twice at the same time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from shared.sealing.groups import GroupKeys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    Name = tuple[UUID, UUID]


class Unwrapped:
    """Group keys by patient and group, least recently used first."""

    def __init__(self, *, size: int, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.size = size
        self.seconds = seconds
        self.monotonic = monotonic
        self.kept: OrderedDict[Name, tuple[float, GroupKeys]] = OrderedDict()
        self.flights: dict[Name, asyncio.Task[GroupKeys]] = {}

    def get(self, name: Name) -> GroupKeys | None:
        """The keys, unless they are not here or too old."""
        found = self.kept.get(name)
        if found is None or found[0] <= self.monotonic():
            return None
        self.kept.move_to_end(name)
        return found[1]

    async def fetch(self, name: Name, fetch: Callable[[UUID, UUID], Awaitable[GroupKeys]]) -> GroupKeys:
        """Fetch the keys once for all who wait for them; one who gives up does not stop the others."""
        flight = self.flights.get(name)
        if flight is None:
            flight = asyncio.create_task(self._keep(name, fetch))
            self.flights[name] = flight
            flight.add_done_callback(lambda landed: self._land(name, landed))
        return await asyncio.shield(flight)

    async def _keep(self, name: Name, fetch: Callable[[UUID, UUID], Awaitable[GroupKeys]]) -> GroupKeys:
        asked_at = self.monotonic()
        keys = await fetch(*name)
        self.kept[name] = (asked_at + self.seconds, keys)
        self.kept.move_to_end(name)
        while len(self.kept) > self.size:
            self.kept.popitem(last=False)
        return keys

    def _land(self, name: Name, flight: asyncio.Task[GroupKeys]) -> None:
        del self.flights[name]
        if not flight.cancelled():
            flight.exception()

    def forget(self, patient: UUID) -> None:
        """Drop every key of the patient."""
        for name in [name for name in self.kept if name[0] == patient]:
            del self.kept[name]
