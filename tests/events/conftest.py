"""A broker with the stream, a publisher, and a subscriber that may do no more than a subscriber must."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import nats
import nkeys
import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from baton_events import Event
from baton_events.booking import VideoLeft
from baton_events.envelope import render
from tests.support import processes
from tests.support.broker import Broker

PATIENT = UUID("9a71e000-0000-4000-8000-000000000001")
NAME = "reporting"


def new_key() -> tuple[str, str]:
    """A new nkey user: seed and public key."""
    seed = nkeys.encode_seed(uuid4().bytes + uuid4().bytes, nkeys.PREFIX_BYTE_USER)
    return seed.decode(), nkeys.from_seed(bytearray(seed)).public_key.decode()


@dataclass
class Stream:
    """The stream CARE, as its keeper sees it."""

    broker: Broker
    keeper: Client
    seed_file: Path

    async def add_consumer(self, ack_wait: float = 30.0) -> None:
        """What `baton subscriber add` does."""
        config = ConsumerConfig(durable_name=NAME, ack_policy=AckPolicy.EXPLICIT, ack_wait=ack_wait)
        await self.keeper.jetstream().add_consumer("CARE", config)

    async def publish(self, event: Event, sequence: int = 1) -> UUID:
        """Publish an event as a relay does."""
        event_id = uuid4()
        body = render(
            id=event_id,
            type=event.kind.type,
            entity=event.entity,
            sequence=sequence,
            time=datetime.now(UTC),
            data=msgspec.json.encode(event),
        )
        await self.publish_raw(event.kind.subject(event.patient_id), body)
        return event_id

    async def publish_raw(self, subject: str, body: bytes) -> None:
        """Publish anything on a subject of the stream."""
        await self.keeper.jetstream().publish(subject, body)

    async def unsettled(self) -> int:
        """Messages the consumer still has to deliver or waits to have acknowledged."""
        info = await self.keeper.jetstream().consumer_info("CARE", NAME)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)


def left() -> VideoLeft:
    """Some event."""
    return VideoLeft(video=uuid4(), patient=PATIENT)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    seed, public = new_key()
    (tmp_path / "seed").write_text(seed)
    keeper_seed, keeper = new_key()
    (tmp_path / "keeper").write_text(keeper_seed)
    server = Broker(tmp_path / "nats", processes.free_port())
    server.folder.mkdir()
    may_publish = [f"$JS.API.CONSUMER.MSG.NEXT.CARE.{NAME}", f"$JS.ACK.CARE.{NAME}.>"]
    users = [
        {"nkey": keeper},
        {"nkey": public, "permissions": {"publish": may_publish, "subscribe": [f"_INBOX_{NAME}.>"]}},
    ]
    server.config.write_text(
        f"""
        listen: 127.0.0.1:{server.port}
        jetstream {{ store_dir: "{server.folder}/store" }}
        authorization {{ users: {json.dumps(users)} }}
        """
    )
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def stream(broker: Broker, tmp_path: Path) -> AsyncIterator[Stream]:
    seed = (tmp_path / "keeper").read_text()
    keeper = await nats.connect(broker.url, nkeys_seed_str=seed, reconnect_time_wait=0.1, max_reconnect_attempts=-1)
    await keeper.jetstream().add_stream(name="CARE", subjects=["care.>"])
    yield Stream(broker, keeper, tmp_path / "seed")
    await keeper.close()
