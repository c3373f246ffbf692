"""Delivering events to a service in every way the stream may: once, again, in the other order, with a crash between."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from shared import crash
from shared.crash import CrashedError, CrashPoint
from shared.inbox.handle import Arrival, Reactions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from baton_events import Event
    from tests.support.stack import Stack

SOON = 0.5
HANDLED_SECONDS = 15.0


class Way(StrEnum):
    """How events reach a reaction; its effect is the same each way."""

    ONCE = "once"
    TWICE = "twice"
    BACKWARDS = "backwards"
    CRASHED_BEFORE_COMMIT = "crashed before the commit"
    CRASHED_BEFORE_ACK = "crashed before the ack"


CRASHES = {Way.CRASHED_BEFORE_COMMIT: CrashPoint.INBOX_APPLIED, Way.CRASHED_BEFORE_ACK: CrashPoint.INBOX_COMMITTED}


async def deliver(s: Stack, service: str, events: Sequence[Event], way: Way) -> None:
    """Publish the events, given in the order in which they happened, and wait until the service has handled all.

    The service must be running and must react to each of them.
    """
    happened = [(event, uuid4(), s.stream.count(event)) for event in events]
    if way is Way.BACKWARDS:
        happened.reverse()
    if way in CRASHES:
        await s.quiet(HANDLED_SECONDS)  # another service at work would meet the crash in its place
        await s.stream.shorten_ack_wait(service)
    for event, event_id, sequence in happened:
        if way in CRASHES:
            crash.arm(CRASHES[way], service=service)
        await s.publish(event, event_id=event_id, sequence=sequence)
        if way in CRASHES:
            await _restart(s, service)
        with suppress(AssertionError):
            await s.handled(service, event_id, SOON)
    for _, event_id, _ in happened:
        await s.handled(service, event_id, HANDLED_SECONDS)
    if way is Way.TWICE:
        await _again(s, service, [event_id for _, event_id, _ in happened])
    await s.quiet(HANDLED_SECONDS)


async def _restart(s: Stack, service: str) -> None:
    """Wait until the service has died at the crash point, and start it again."""
    async with asyncio.timeout(HANDLED_SECONDS):
        with suppress(CrashedError, BaseExceptionGroup):
            await s.services[service].wait()
    assert not crash._armed, "the service died of something else"
    await s.restart(service)


async def _again(s: Stack, service: str, event_ids: Sequence[UUID]) -> None:
    """Hand every event to the reactions once more, as a redelivery does."""
    running = s.services[service]
    reactions = Reactions(s.ground(service), running.app.reactions)
    js = s.stream.client.jetstream()
    for place, envelope in await s.stream.envelopes():
        if envelope.id in event_ids:
            message = await js.get_msg("CARE", place, direct=True)
            assert message.subject is not None
            arrival = Arrival(subject=message.subject, body=message.data or b"", stream_sequence=place)
            assert not await reactions.handle(arrival), "an event was handled twice"
