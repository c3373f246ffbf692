"""Reading a live stream as an app does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp

from tests.gateway.conftest import Gateway


@dataclass
class Told:
    """One server-sent event."""

    name: str
    data: Any
    id: str | None


@dataclass
class Reader:
    """An open stream; `last` is what an app would send to resume."""

    told: asyncio.Queue[Told] = field(default_factory=asyncio.Queue)
    last: str | None = None
    text: str = ""

    async def read(self, answer: aiohttp.ClientResponse) -> None:
        """Read until the stream ends."""
        fields: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            self.text += line + "\n"
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                self.last = fields.get("id", self.last)
                found = Told(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
                self.told.put_nowait(found)
                fields = {}

    async def next(self, name: str = "message") -> Told:
        """The next event of this name; others before it are passed over."""
        async with asyncio.timeout(15):
            while True:
                told = await self.told.get()
                if told.name == name:
                    return told

    async def nothing_more(self, name: str = "message") -> bool:
        """Whether what has been told so far holds no further event of this name."""
        return all(self.told.get_nowait().name != name for _ in range(self.told.qsize()))


@asynccontextmanager
async def live(
    gateway: Gateway,
    who: str | UUID | None = "maria-lopez",
    *,
    last: str | None = None,
    query: str = "",
    token: str = "",
) -> AsyncIterator[Reader]:
    """Open the stream and wait until it is ready."""
    headers = {"Authorization": f"Bearer {token}"} if token else gateway.as_(who)
    if last is not None:
        headers["Last-Event-ID"] = last
    reader = Reader()
    async with gateway.http.get(f"{gateway.url}/v1/live{query}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        reading = asyncio.create_task(reader.read(answer))
        await reader.next("ready")
        try:
            yield reader
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
