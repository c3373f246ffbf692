"""The subscriber: typed events for another team, durably, in order of the stream, each at least once.

The consumer and its credentials are made by whoever runs the practice: `baton subscriber add NAME --filter SUBJECT`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nats

from baton_events.envelope import Envelope, NotAnEvent, UnknownType, parse
from baton_events.pull import Delivery, Pull

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from nats.aio.client import Client

    from baton_events.base import Event

log = logging.getLogger("baton_events")


@dataclass(frozen=True)
class Received:
    """An event as it arrived; `attempt` is above one when it was delivered before and not acknowledged."""

    event: Event
    envelope: Envelope
    stream_sequence: int
    attempt: int

    @property
    def id(self) -> UUID:
        """The event's id: the same however often it arrives, for whoever must do a thing once."""
        return self.envelope.id

    @property
    def time(self) -> datetime:
        """When it became true."""
        return self.envelope.time

    @property
    def sequence(self) -> int:
        """Its place among the events of its entity, counted from 1."""
        return int(self.envelope.sequence)


async def subscribe(
    *,
    url: str,
    name: str,
    seed_file: Path | str | None = None,
    tls: ssl.SSLContext | None = None,
    stream: str = "CARE",
    batch: int = 64,
) -> AsyncGenerator[Received, None]:
    """Every event of the durable consumer `name`, from where it stopped; runs until the loop is left.

    An event is acknowledged when the loop's body has ended and the next one is asked for. A body that raises, or a
    loop that is left, leaves its event unacknowledged: it comes again. Events of types newer than this version of the
    contract are passed over; what is not an event at all is never delivered again and logged without its content.
    Waits out a server that is away; raises what nats raises when it cannot connect at first.
    """
    async with _connected(url, name, seed_file, tls) as client, Pull(client, stream, name, batch=batch) as pull:
        async for delivery in pull:
            received = await _read(delivery)
            if received is not None:
                yield received
                await delivery.ack()


async def _read(delivery: Delivery) -> Received | None:
    try:
        envelope = parse(delivery.body, nats_subject=delivery.subject)
    except UnknownType:
        await delivery.ack()
        return None
    except NotAnEvent as error:
        log.warning("stream sequence %d is not an event: %s", delivery.stream_sequence, error)
        await delivery.term("not an event")
        return None
    return Received(
        event=envelope.typed(),
        envelope=envelope,
        stream_sequence=delivery.stream_sequence,
        attempt=delivery.attempt,
    )


@asynccontextmanager
async def _connected(
    url: str,
    name: str,
    seed_file: Path | str | None,
    tls: ssl.SSLContext | None,
) -> AsyncIterator[Client]:
    seed = (await asyncio.to_thread(_text, seed_file)).strip() if seed_file else None
    client = await nats.connect(
        url,
        name=name,
        nkeys_seed_str=seed,
        tls=tls,
        inbox_prefix=f"_INBOX_{name}",
        error_cb=_log_error,
        pending_size=0,
        ping_interval=10,
        max_outstanding_pings=2,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
    )
    try:
        yield client
    finally:
        await client.close()


def _text(path: Path | str) -> str:
    with open(path, encoding="ascii") as file:  # noqa: PTH123 - a str or a Path
        return file.read()


async def _log_error(error: Exception) -> None:
    log.warning("nats: %s", type(error).__name__)
