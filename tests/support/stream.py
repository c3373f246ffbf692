"""The stream as a test sees it: emptied before, read and written as the user that may all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid4

import msgspec
import nats
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from baton_events import Event
from baton_events.envelope import Envelope, parse, render
from shared.app import Received
from shared.inbox.provision import STREAM, prepare_consumers, prepare_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tests.support.servers import Servers

E = TypeVar("E", bound=Event)
MAX_BYTES = 256 * 1024 * 1024


@dataclass
class Stream:
    """The stream CARE."""

    client: Client
    sequences: dict[UUID, int] = field(default_factory=dict)

    @classmethod
    async def connect(cls, servers: Servers) -> Stream:
        """Connect as `tests`."""
        seed = servers.surroundings.folder / "tests.seed"
        client = await nats.connect(
            servers.broker.url,
            nkeys_seed_str=seed.read_text(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            error_cb=_hush,
        )
        return cls(client)

    async def renew(self, consumers: Mapping[str, Iterable[str]], *, duplicate_window: float, ack_wait: float) -> None:
        """An empty stream, with these durable consumers."""
        js = self.client.jetstream()
        with contextlib.suppress(NotFoundError):
            await js.delete_stream(STREAM)
        await prepare_stream(js, max_bytes=MAX_BYTES, duplicate_window=duplicate_window)
        heard = {name: tuple(subjects) for name, subjects in consumers.items() if subjects}
        await prepare_consumers(js, heard, ack_wait=ack_wait)

    async def envelopes(self, subject: str = "care.>") -> list[tuple[int, Envelope]]:
        """Everything stored on `subject`, in order, with its place; what is no event is left out."""
        js, sequence = self.client.jetstream(), 1
        found: list[tuple[int, Envelope]] = []
        while True:
            try:
                message = await js.get_msg(STREAM, sequence, subject=subject, next=True, direct=True)
            except NotFoundError:
                return found
            assert message.seq is not None
            sequence = message.seq + 1
            found.append((message.seq, parse(message.data or b"", nats_subject=message.subject)))

    async def events(self, kind: type[E]) -> list[Received[E]]:
        """The events of one kind, in order."""
        return [
            Received(
                id=envelope.id,
                event=msgspec.json.decode(envelope.data, type=kind),
                time=envelope.time,
                sequence=int(envelope.sequence),
                stream_sequence=place,
            )
            for place, envelope in await self.envelopes(f"{kind.kind.type}.*")
        ]

    def count(self, event: Event) -> int:
        """The next number among the entity's events."""
        sequence = self.sequences[event.entity] = self.sequences.get(event.entity, 0) + 1
        return sequence

    async def shorten_ack_wait(self, consumer: str, seconds: float = 1.0) -> None:
        """Have the consumer deliver again sooner what nobody acknowledged."""
        js = self.client.jetstream()
        found = await js.consumer_info(STREAM, consumer)
        subjects = found.config.filter_subjects or [found.config.filter_subject or ""]
        await prepare_consumers(js, {consumer: tuple(subjects)}, ack_wait=seconds)

    async def publish(
        self, event: Event, now: datetime, *, event_id: UUID | None = None, sequence: int | None = None
    ) -> UUID:
        """Put an event into the stream as its service's relay would; gives its id."""
        event_id = event_id or uuid4()
        body = render(
            id=event_id,
            type=event.kind.type,
            entity=event.entity,
            sequence=sequence or self.count(event),
            time=now,
            data=msgspec.json.encode(event),
        )
        await self.publish_raw(event.kind.subject(event.patient_id), body, message_id=str(event_id))
        return event_id

    async def publish_raw(self, subject: str, body: bytes, *, message_id: str) -> None:
        """Put any bytes into the stream."""
        await self.client.jetstream().publish(subject, body, headers={"Nats-Msg-Id": message_id})


async def _hush(_: Exception) -> None:
    """Tests end servers on purpose."""
