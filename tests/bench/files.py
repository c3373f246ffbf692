"""What many files at once cost the gateway and messaging in memory: a real installation, watched from outside."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
import psutil

from deploy.journey.app import TRY_AGAIN, Person
from shared.requests.attachments import LARGEST_FILE, PART_BYTES
from tests.messaging.files import pdf
from tests.support.installed import Installed, installed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PEOPLE = ("maria-lopez", "jonas-weber", "aisha-khan", "samira-khan")
WATCHED = ("gateway", "messaging")
MEGABYTE = 1_000_000
LIMITS = {"BATON_MOST_UPLOADS": "1000", "BATON_CALLER_RATE": "1000", "BATON_CALLER_BURST": "2000"}


@dataclass
class Grown:
    """By how many bytes each process grew at most, and how long it took."""

    most: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def __str__(self) -> str:
        grown = ", ".join(f"{name} +{bytes_ / MEGABYTE:.0f} MB" for name, bytes_ in self.most.items())
        return f"{grown} in {self.seconds:.0f} s"


@asynccontextmanager
async def watched(it: Installed) -> AsyncIterator[Grown]:
    """How far the processes' resident memory grows while the block runs, looked at every 20 ms."""
    processes = {name: psutil.Process(it.pid(name)) for name in WATCHED}
    before = {name: process.memory_info().rss for name, process in processes.items()}
    grown, started = Grown(dict.fromkeys(WATCHED, 0)), time.monotonic()

    async def look() -> None:
        while True:
            for name, process in processes.items():
                grown.most[name] = max(grown.most[name], process.memory_info().rss - before[name])
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    try:
        yield grown
    finally:
        looking.cancel()
        grown.seconds = time.monotonic() - started


@dataclass
class App:
    """Somebody's app with their thread."""

    person: Person
    thread: str

    @classmethod
    async def opened(cls, http: aiohttp.ClientSession, url: str, name: str) -> App:
        """Sign in and begin a thread."""
        person = await Person.signed_in(http, url, name, "baton")
        return cls(person, (await person.post("/v1/threads", patient=person.id))["thread"])

    async def upload(self, content: bytes, name: str = "x.pdf") -> str:
        """Upload a document, part after part."""
        begun = await self.person.post(
            "/v1/attachments", thread=self.thread, name=name, media_type="application/pdf", size=len(content)
        )
        file = str(begun["attachment"])
        for index in range(begun["parts"]):
            await self._put(file, index + 1, content[index * PART_BYTES : (index + 1) * PART_BYTES])
        await self.person.post("/v1/attachments/finish", attachment=file)
        return file

    async def _put(self, file: str, part: int, body: bytes) -> None:
        headers = {
            "Authorization": f"Bearer {self.person.token}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/octet-stream",
        }
        url = f"{self.person.url}/v1/attachments/{file}/parts/{part}"
        while True:
            async with self.person.http.put(url, data=body, headers=headers) as answer:
                if answer.status == 200:
                    return
                assert answer.status in TRY_AGAIN, await answer.text()
            await asyncio.sleep(0.2)

    async def download(self, file: str) -> int:
        """Read the whole file as it comes; gives its size."""
        headers = {"Authorization": f"Bearer {self.person.token}"}
        url = f"{self.person.url}/v1/attachments/{file}/content"
        while True:
            async with self.person.http.get(url, headers=headers) as answer:
                if answer.status == 200:
                    return sum([len(piece) async for piece in answer.content.iter_any()])
                assert answer.status in TRY_AGAIN, await answer.text()
            await asyncio.sleep(0.2)


async def at_once(it: Installed, count: int, size: int) -> tuple[Grown, Grown]:
    """So many uploads of this size at once, then as many downloads; how memory grew in either."""
    content = pdf(size)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as http:
        apps = [await App.opened(http, it.url, name) for name in PEOPLE]
        await apps[0].download(await apps[0].upload(pdf(2 * PART_BYTES)))
        async with watched(it) as up:
            files = await asyncio.gather(*(apps[i % len(apps)].upload(content) for i in range(count)))
        async with watched(it) as down:
            sizes = await asyncio.gather(*(apps[i % len(apps)].download(file) for i, file in enumerate(files)))
    assert set(sizes) == {size}
    return up, down


async def measure() -> tuple[Grown, Grown]:
    """Fifty of the largest files."""
    with tempfile.TemporaryDirectory(prefix="baton-files-") as folder:
        async with installed(Path(folder) / "home", **LIMITS) as it:
            return await at_once(it, 50, LARGEST_FILE)


if __name__ == "__main__":
    for way, found in zip(("up", "down"), asyncio.run(measure()), strict=True):
        os.write(1, f"50 files of 25 MB {way} at once: {found}\n".encode())
