"""Two gateways and two instances of messaging in one process, each of which may be killed while the other goes on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aiohttp

from tests.gateway.streams import Reader
from tests.support.crashing import drop
from tests.support.stack import stack

if TYPE_CHECKING:
    from pathlib import Path

    from shared.run import Running
    from tests.support.stack import Stack

PAIRED = ("gateway", "messaging")
GIVE_UP = 30.0
AWAY = (502, 503, 504)
PATIENCE = {"BATON_ANSWER_SECONDS": "0.6", "BATON_CALLER_RATE": "5000", "BATON_CALLER_BURST": "5000"}


@dataclass
class Stream:
    """Somebody's open app: what it has been told, over every connection it had."""

    who: str
    told: list[dict[str, Any]] = field(default_factory=list)
    last: str | None = None
    reader: Reader | None = None
    reading: asyncio.Task[None] | None = None
    gateway: int = 0

    def take(self) -> None:
        """Note what was told since the last look."""
        while self.reader is not None and not self.reader.told.empty():
            told = self.reader.told.get_nowait()
            if told.name == "message":
                assert told.id is not None
                self.told.append(told.data)
        if self.reader is not None:
            self.last = self.reader.last or self.last

    async def close(self) -> None:
        """Leave."""
        if self.reading is not None:
            self.reading.cancel()
            await asyncio.gather(self.reading, return_exceptions=True)
        self.take()
        self.reader = self.reading = None


@dataclass
class Pairs:
    """The running pairs; `ask` is an app that asks at one gateway and, where that is away, at the other."""

    s: Stack
    http: aiohttp.ClientSession
    leaving: AsyncExitStack
    at_work: dict[str, list[Running]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(cls, folder: Path) -> Pairs:
        """Start everything."""
        nobodys_secrets = folder / "partners.json"
        nobodys_secrets.write_text("{}")
        variables = {"BATON_PORT": "0", "BATON_PARTNER_SECRETS_FILE": str(nobodys_secrets), **PATIENCE}
        leaving = AsyncExitStack()
        s = await leaving.enter_async_context(stack("directory", *PAIRED, variables=variables))
        http = await leaving.enter_async_context(aiohttp.ClientSession())
        made = cls(s, http, leaving)
        for part in PAIRED:
            made.at_work[part] = [s.services.pop(part)]
            made.at_work[part].append(await s.start(part))
            s.services.pop(part)
        return made

    async def close(self) -> None:
        """End everything."""
        for part in PAIRED:
            for running in self.at_work[part]:
                await running.stop()
        await self.leaving.aclose()

    async def kill(self, part: str, number: int) -> None:
        """Drop an instance as a kill would, and start another in its place; its pair goes on meanwhile."""
        await drop(self.at_work[part][number])
        self.at_work[part][number] = await self.s.start(part)
        self.s.services.pop(part)

    def url(self, number: int) -> str:
        """Where a gateway listens."""
        ground: Any = self.at_work["gateway"][number].ground
        return f"http://127.0.0.1:{ground.port}"

    async def ask(
        self, method: str, path: str, who: str, body: Any = None, *, key: str = "", gateway: int = 0
    ) -> tuple[int, Any]:
        """Status and answer, asked again under the same key, at either gateway, until somebody was there to answer."""
        key = key or str(uuid4())
        end = asyncio.get_running_loop().time() + GIVE_UP
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                url, headers = self.url(gateway) + path, {**self.as_(who), "Idempotency-Key": key}
                async with self.http.request(method, url, headers=headers, json=body) as answer:
                    told = await answer.json()
                    if answer.status not in AWAY:
                        return answer.status, told
            gateway = 1 - gateway
            assert asyncio.get_running_loop().time() < end, f"nobody answers {method} {path}"
            await asyncio.sleep(0.02)

    def as_(self, who: str) -> dict[str, str]:
        """The headers of somebody signed in."""
        token = self.tokens.setdefault(who, self.s.token(who))
        return {"Authorization": f"Bearer {token}"}

    async def listen(self, stream: Stream, gateway: int) -> None:
        """Open the app's live updates at this gateway, from where they broke off."""
        await stream.close()
        stream.gateway = gateway
        stream.reader = reader = Reader(last=stream.last)
        stream.reading = asyncio.create_task(self._read(stream.who, self.url(gateway), reader))
        await reader.next("ready")

    async def _read(self, who: str, url: str, reader: Reader) -> None:
        headers = self.as_(who)
        if reader.last is not None:
            headers["Last-Event-ID"] = reader.last
        with suppress(aiohttp.ClientError, ConnectionError):
            async with self.http.get(f"{url}/v1/live", headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                await reader.read(answer)
