"""Reading the stream without a consumer, as ops may: by direct gets, batch after batch."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.client import Client
    from nats.aio.msg import Msg

GET = "$JS.API.DIRECT.GET.CARE"
BATCH = 256
ANSWERS_WITHIN_SECONDS = 5.0
OVER = {"204", "404"}


@dataclass(frozen=True)
class Stored:
    """A message of the stream."""

    sequence: int
    subject: str
    body: bytes


class StreamUnreadable(Exception):
    """The nats-server refused the request; the message is its own."""


async def stored(client: Client, subjects: str, first: int = 1) -> AsyncIterator[Stored]:
    """Every message on `subjects` from the stream sequence `first` to the present end."""
    while True:
        last: Stored | None = None
        for message in await _batch(client, {"next_by_subj": subjects, "seq": first, "batch": BATCH}):
            headers = message.headers or {}
            last = Stored(int(headers["Nats-Sequence"]), headers["Nats-Subject"], message.data)
            yield last
        if last is None:
            return
        first = last.sequence + 1


async def _batch(client: Client, request: dict[str, object]) -> list[Msg]:
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=arrived.put)
    found: list[Msg] = []
    try:
        await client.publish(GET, json.dumps(request).encode(), reply=inbox)
        while True:
            message = await asyncio.wait_for(arrived.get(), ANSWERS_WITHIN_SECONDS)
            status = (message.headers or {}).get("Status", "")
            if status in OVER:
                return found
            if status:
                raise StreamUnreadable((message.headers or {}).get("Description", status))
            found.append(message)
    finally:
        await subscription.unsubscribe()
