"""What was stored: a patient's events after a place in the stream, read directly, without a consumer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from nats.errors import Error as NatsError

from services.gateway.live.hub import event_at
from shared.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from services.gateway.live.listener import LiveEvent

GET = "$JS.API.DIRECT.GET.CARE"
BATCH = 100
PATIENCE = 3.0
END, NOTHING = "204", "404"


async def last_sequence(nats: Client) -> int:
    """The place of the newest event of the stream, 0 when it is empty; raises Unavailable."""
    try:
        found = await nats.request(GET, b'{"last_by_subj":"care.>"}', timeout=PATIENCE)
    except (NatsError, OSError):
        raise Unavailable(retry_after=1) from None
    headers = found.headers or {}
    if _status(headers) == NOTHING:
        return 0
    if "Nats-Sequence" not in headers:
        raise Unavailable(retry_after=1)
    return int(headers["Nats-Sequence"])


async def events_after(nats: Client, patient: UUID, place: int) -> AsyncIterator[LiveEvent]:
    """The patient's events stored after `place`, in order, up to the newest; raises Unavailable."""
    while True:
        batch = await _batch(nats, {"seq": place + 1, "next_by_subj": f"care.*.v1.*.*.{patient}", "batch": BATCH})
        for message in batch:
            headers = message.headers or {}
            place = int(headers["Nats-Sequence"])
            event = event_at(headers["Nats-Subject"], headers["Nats-Sequence"], message.data)
            if event is not None:
                yield event
        if len(batch) < BATCH:
            return


async def _batch(nats: Client, question: Mapping[str, object]) -> list[Msg]:
    """Every message that answers the question, up to the one that says there are no more."""
    inbox = nats.new_inbox()
    try:
        subscription = await nats.subscribe(inbox)
        try:
            async with asyncio.timeout(PATIENCE):
                await nats.publish(GET, msgspec.json.encode(question), reply=inbox)
                return await _until_the_end(subscription.messages)
        finally:
            await subscription.unsubscribe()
    except (NatsError, OSError, TimeoutError):
        raise Unavailable(retry_after=1) from None


async def _until_the_end(messages: AsyncIterator[Msg]) -> list[Msg]:
    found: list[Msg] = []
    async for message in messages:
        status = _status(message.headers or {})
        if status in {END, NOTHING}:
            break
        if status or "Nats-Sequence" not in (message.headers or {}):
            raise Unavailable(retry_after=1)
        found.append(message)
    return found


def _status(headers: Mapping[str, str]) -> str:
    return headers.get("Status", "")
