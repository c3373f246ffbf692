"""Handling one event: its reactions in the one transaction that also marks it as handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.envelope import NotAnEvent, UnknownType, parse
from shared.app import Received
from shared.crash import CrashPoint, reach
from shared.errors import Refusal
from shared.inbox import store
from shared.inbox.store import Handled
from shared.sealing import is_erased
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from baton_events import Event
    from baton_events.envelope import Envelope
    from shared.app import Ground, Reaction
    from shared.database import Tx


class Forged(NotAnEvent):
    """The message was published under another id than the event's own."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """An event as it lies in the stream."""

    subject: str
    body: bytes
    stream_sequence: int
    message_id: str | None = None


class Reactions:
    """What a service does about each type of event."""

    def __init__(self, ground: Ground, reactions: Iterable[Reaction]) -> None:
        self.ground = ground
        self._by_event: dict[type[Event], list[Reaction]] = {}
        for reaction in reactions:
            self._by_event.setdefault(reaction.event, []).append(reaction)
        self._prepared = {event.kind.type for event, all_ in self._by_event.items() if any(one.prepare for one in all_)}

    @property
    def types(self) -> Mapping[str, list[Reaction]]:
        """The reactions by the event type they are about."""
        return {event.kind.type: reactions for event, reactions in self._by_event.items()}

    async def handle(self, arrival: Arrival, *, refused_before: bool = False) -> bool:
        """React in one transaction; False when the event was handled before.

        Raises NotAnEvent, or what the work raises.
        """
        envelope, received = read(arrival)
        with trace.following(envelope.traceparent):
            prepared = await self.prepare(received)
            reach(CrashPoint.INBOX_PREPARED, self.ground.bus.service)
            async with self.ground.db.transaction() as tx:
                if not await self.apply(tx, received, prepared):
                    return False
                if refused_before:
                    await store.forget_refusals(tx, received.id)
                reach(CrashPoint.INBOX_APPLIED, self.ground.bus.service)
        return True

    def needs_nothing(self, event_type: str) -> bool:
        """Whether no reaction to events of this type has anything to prepare, so that it can share a transaction."""
        return event_type not in self._prepared

    async def handle_together(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """React to all in their order in one transaction, none of which needs anything prepared; as `handle` each.

        Whatever one of them raises, nothing has been done about any.
        """
        all_read = [read(arrival) for arrival in arrivals]
        fresh = []
        async with self.ground.db.transaction() as tx:
            for envelope, received in all_read:
                with trace.following(envelope.traceparent):
                    fresh.append(await self.apply(tx, received, await self.prepare(received)))
            reach(CrashPoint.INBOX_APPLIED, self.ground.bus.service)
        return fresh

    async def prepare(self, received: Received[Event]) -> list[object]:
        """What each reaction needs before the transaction opens; nothing about a patient who is erased here."""
        try:
            return [
                await reaction.prepare(self.ground, received) if reaction.prepare else None
                for reaction in self._by_event.get(type(received.event), ())
            ]
        except Exception:
            patient = _concerned(received.event)
            if patient is None:
                raise
            async with self.ground.db.reading() as tx:
                if not await is_erased(tx, patient):
                    raise
            return []

    async def apply(self, tx: Tx, received: Received[Event], prepared: list[object]) -> bool:
        """Mark the event as handled and do the work of each reaction; False when it was handled before.

        Of a patient who is erased here nothing is done any more, but what erases them.
        """
        event = received.event
        handled = await store.handle(tx, received.id, event.kind.type, _concerned(event))
        if handled is Handled.NOW:
            for reaction, ready in zip(self._by_event.get(type(event), ()), prepared, strict=True):
                await reaction.apply(self.ground, tx, received, ready)
        return handled is not Handled.BEFORE


def _concerned(event: Event) -> UUID | None:
    return None if event.kind.noun == "erasure" else event.patient_id


def read(arrival: Arrival) -> tuple[Envelope, Received[Event]]:
    """The envelope and the event in it; raises NotAnEvent for what is malformed, forged or contradicts itself."""
    envelope = parse(arrival.body, nats_subject=arrival.subject)
    if arrival.message_id is not None and arrival.message_id != str(envelope.id):
        raise Forged("the message id is not the event's")
    received = Received(
        id=envelope.id,
        event=envelope.typed(),
        time=envelope.time,
        sequence=int(envelope.sequence),
        stream_sequence=arrival.stream_sequence,
    )
    return envelope, received


def code_of(error: Exception) -> str:
    """What refused the event, in a word: a refusal's code or the kind of the error, never its text."""
    if isinstance(error, UnknownType):
        return "unknown-type"
    if isinstance(error, NotAnEvent):
        return "not-an-event"
    return error.code if isinstance(error, Refusal) else type(error).__name__
