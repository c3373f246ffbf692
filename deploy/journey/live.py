"""The patient's open app: every event about them, live, resumed where it broke off."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from deploy.journey.app import PATIENCE, NotHeld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.journey.app import Person


class Live:
    """Listens from the moment it is entered; `seen` holds each event once, in the order of the stream."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._last: str | None = None
        self._connected = asyncio.Event()
        self.seen: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._connected.wait(), 30)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, event_name: str, /, **where: object) -> dict[str, Any]:
        """The first event of that name (`message.sent`) whose data has these values; raises NotHeld after a minute."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                while True:
                    for event in self.seen:
                        if name_of(event) == event_name and matches(event["data"], where):
                            return event
                    await self._news.wait()
        except TimeoutError:
            raise NotHeld(f"no {event_name} within {PATIENCE:.0f} s") from None

    async def _listen(self) -> None:
        while True:
            try:
                await self._read()
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.2)

    async def _read(self) -> None:
        headers = {"Authorization": f"Bearer {self._person.token}", "Accept": "text/event-stream"}
        if self._last is not None:
            headers["Last-Event-ID"] = self._last
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
        async with self._person.http.get(f"{self._person.url}/v1/live", headers=headers, timeout=timeout) as answer:
            answer.raise_for_status()
            self._connected.set()
            await self._take(answer)

    async def _take(self, answer: aiohttp.ClientResponse) -> None:
        fields: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\r\n")
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
            elif fields.get("data"):
                await self._note(fields)
                fields = {}
            else:
                fields = {}

    async def _note(self, fields: Mapping[str, str]) -> None:
        self._last = fields.get("id", self._last)
        event = json.loads(fields["data"])
        if "type" not in event:
            return
        async with self._news:
            self.seen.append({"stream_sequence": int(fields["id"]), **event})
            self._news.notify_all()


def name_of(event: Mapping[str, Any]) -> str:
    """The short name of an event's type: `care.booking.v1.appointment.booked` is `appointment.booked`."""
    return ".".join(event["type"].split(".")[3:])


def matches(data: Mapping[str, Any], where: Mapping[str, object]) -> bool:
    """Whether the data has these values."""
    return all(str(data.get(field)) == str(value) for field, value in where.items())
