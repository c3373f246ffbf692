"""The stream and its durable consumers, made and kept as the design says, by the deploy step and never by a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RePublish,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nats.js import JetStreamContext

STREAM = "CARE"
DUPLICATE_WINDOW = 600.0
ACK_WAIT = 30.0
MOST_UNACKNOWLEDGED = 65_536
"""Among them is whatever was put off, which must leave room for the rest; how much is under way, the inbox bounds."""


async def prepare_stream(
    js: JetStreamContext, *, max_bytes: int, replicas: int = 1, duplicate_window: float = DUPLICATE_WINDOW
) -> None:
    """Make the stream, or bring the one there is to this shape; nothing stored is lost."""
    config = StreamConfig(
        name=STREAM,
        description="Every event of the practice.",
        subjects=["care.>"],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        max_bytes=max_bytes,
        num_replicas=replicas,
        duplicate_window=duplicate_window,
        allow_direct=True,
        republish=RePublish(src="care.>", dest="live.>"),
    )
    try:
        await js.stream_info(STREAM)
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)


async def prepare_consumers(
    js: JetStreamContext, consumers: Mapping[str, tuple[str, ...]], *, ack_wait: float = ACK_WAIT
) -> None:
    """Make or update one durable pull consumer for each name, hearing the subjects given with it."""
    for name, subjects in consumers.items():
        await js.add_consumer(
            STREAM,
            ConsumerConfig(
                name=name,
                durable_name=name,
                filter_subjects=sorted(subjects),
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ack_wait,
                max_deliver=-1,
                max_ack_pending=MOST_UNACKNOWLEDGED,
            ),
        )
