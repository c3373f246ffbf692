"""Reading the stream back without a consumer: which of our events it holds, and where."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nats.errors import Error as NatsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from nats.aio.client import Client
    from nats.aio.msg import Msg

GET = "$JS.API.DIRECT.GET.CARE"
BATCH = 256
END_OF_BATCH, NOTHING = "204", "404"


class StreamUnreadable(NatsError):
    """The server did not answer a direct get as it should; ask again later."""


@dataclass(frozen=True)
class Stored:
    """A message of the stream: its place, and the event id it was published under."""

    stream_sequence: int
    event: str


async def place_of(nats: Client, subject: str, event: UUID, since: datetime) -> int | None:
    """The stream sequence of the event among what was stored on `subject` after `since`, or None."""
    async for stored in _read(nats, {"next_by_subj": subject, "start_time": since.isoformat()}):
        if stored.event == str(event):
            return stored.stream_sequence
    return None


async def stored_from(nats: Client, subjects: str, first: int, last: int) -> dict[str, int]:
    """Event ids with their places, for what is stored on `subjects` between two stream sequences."""
    found: dict[str, int] = {}
    async for stored in _read(nats, {"next_by_subj": subjects, "seq": first}):
        if stored.stream_sequence > last:
            break
        found[stored.event] = stored.stream_sequence
    return found


async def _read(nats: Client, request: dict[str, object]) -> AsyncIterator[Stored]:
    """Every message from the request's start on, batch after batch."""
    ask = dict(request)
    while True:
        last: Stored | None = None
        for headers in await _batch(nats, {**ask, "batch": BATCH}):
            last = Stored(int(headers["Nats-Sequence"]), headers.get("Nats-Msg-Id", ""))
            yield last
        if last is None:
            return
        ask.pop("start_time", None)
        ask["seq"] = last.stream_sequence + 1


async def _batch(nats: Client, request: dict[str, object], seconds: float = 5.0) -> list[Mapping[str, str]]:
    arrived: asyncio.Queue[Msg] = asyncio.Queue()

    async def hear(message: Msg) -> None:
        arrived.put_nowait(message)

    inbox = nats.new_inbox()
    subscription = await nats.subscribe(inbox, cb=hear)
    try:
        await nats.publish(GET, json.dumps(request).encode(), reply=inbox)
        async with asyncio.timeout(seconds):
            return await _until_end(arrived)
    except TimeoutError:
        raise StreamUnreadable from None
    finally:
        if not nats.is_closed:
            await subscription.unsubscribe()


async def _until_end(arrived: asyncio.Queue[Msg]) -> list[Mapping[str, str]]:
    found: list[Mapping[str, str]] = []
    while True:
        headers = (await arrived.get()).headers or {}
        status = headers.get("Status", "")
        if status in {END_OF_BATCH, NOTHING}:
            return found
        if status or "Nats-Sequence" not in headers:
            raise StreamUnreadable
        found.append(headers)
