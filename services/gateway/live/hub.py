"""The hub: one subscription a patient and one for all work, however many streams listen."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import msgspec
from nats.errors import Error as NatsError

from baton_events import handoffs
from baton_events.envelope import Envelope, NotAnEvent, UnknownType, parse
from services.gateway.live.listener import Listener, LiveEvent
from shared import logs
from shared.errors import Unavailable
from shared.passing import WRITING, SomebodyWrites

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

NOT_AN_EVENT = logs.event("live.not-an-event")
WORK = "live.handoffs.v1.handoff.*.*"
LOOK_SECONDS = 0.5

K = TypeVar("K")


@dataclass(eq=False)
class Hub:
    """Tells listeners what is republished on `live.>`; subscribes only to what somebody listens for."""

    nats: Client
    _of_patient: dict[UUID, set[Listener]] = field(default_factory=dict)
    _of_owner: dict[str, set[Listener]] = field(default_factory=dict)
    _subscriptions: dict[str, Subscription] = field(default_factory=dict)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def listening(self, listener: Listener) -> AsyncIterator[Listener]:
        """While inside, the listener hears; raises Unavailable when the stream cannot be reached."""
        await self._join(listener)
        try:
            yield listener
        finally:
            await self._leave(listener)

    async def watch(self, stop: asyncio.Event) -> None:
        """Until stopped: after the connection was lost, everybody may have missed something."""
        seen = self.nats.stats["reconnects"]
        while not stop.is_set():
            now = self.nats.stats["reconnects"]
            if now != seen and self.nats.is_connected:
                seen = now
                for listener in self._everybody():
                    listener.fell_behind()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue

    def _everybody(self) -> set[Listener]:
        return set().union(*self._of_patient.values(), *self._of_owner.values())

    async def _join(self, listener: Listener) -> None:
        async with self._changing:
            if listener.patient is not None:
                self._of_patient.setdefault(listener.patient, set()).add(listener)
            for owner in listener.owners:
                self._of_owner.setdefault(owner, set()).add(listener)
            try:
                await self._subscribe()
            except (NatsError, OSError):
                self._forget(listener)
                raise Unavailable(retry_after=1) from None

    async def _leave(self, listener: Listener) -> None:
        async with self._changing:
            self._forget(listener)
            for subject in self._subscriptions.keys() - self._wanted():
                subscription = self._subscriptions.pop(subject)
                with suppress(NatsError):
                    await subscription.unsubscribe()

    def _forget(self, listener: Listener) -> None:
        if listener.patient is not None:
            _drop(self._of_patient, listener.patient, listener)
        for owner in listener.owners:
            _drop(self._of_owner, owner, listener)

    def _wanted(self) -> set[str]:
        patients = {f"live.*.v1.*.*.{patient}" for patient in self._of_patient}
        return patients | ({WORK} if self._of_owner else set())

    async def _subscribe(self) -> None:
        for subject in self._wanted() - self._subscriptions.keys():
            hear = self._hear_work if subject == WORK else self._hear_patient
            self._subscriptions[subject] = await self.nats.subscribe(subject, cb=hear)

    async def _hear_patient(self, message: Msg) -> None:
        if message.subject.startswith(f"{WRITING}."):
            self._hear_writing(message)
            return
        event = read(message)
        if event is None:
            return
        patient = event.envelope.typed().patient_id
        for listener in self._of_patient.get(patient, ()) if patient else ():
            listener.hear(event)

    def _hear_writing(self, message: Msg) -> None:
        try:
            patient = UUID(message.subject.rpartition(".")[2])
            said = msgspec.json.decode(message.data, type=SomebodyWrites)
        except (msgspec.MsgspecError, ValueError) as error:
            NOT_AN_EVENT.warning(error=error)
            return
        for listener in self._of_patient.get(patient, ()):
            listener.somebody_writes(said)

    async def _hear_work(self, message: Msg) -> None:
        event = read(message)
        if event is None:
            return
        match event.envelope.typed():
            case handoffs.HandoffMoved() | handoffs.HandoffEscalated() as passed:
                owners = {passed.owner, passed.previous_owner}
            case (
                handoffs.HandoffOpened()
                | handoffs.HandoffAccepted()
                | handoffs.HandoffClosed()
                | handoffs.HandoffWithdrawn() as held
            ):
                owners = {held.owner}
            case _:
                return
        for owner in owners:
            for listener in self._of_owner.get(owner, ()):
                listener.work_changed(owner)


def _drop(index: dict[K, set[Listener]], key: K, listener: Listener) -> None:
    index[key].discard(listener)
    if not index[key]:
        del index[key]


def read(message: Msg) -> LiveEvent | None:
    """A message as the stream republished it, or None for what is newer than this contract or not an event."""
    sequence = (message.headers or {}).get("Nats-Sequence", "")
    return event_at(f"care.{message.subject.partition('.')[2]}", sequence, message.data)


def event_at(subject: str, sequence: str, body: bytes) -> LiveEvent | None:
    """An event stored under the subject at this place in the stream."""
    try:
        envelope: Envelope = parse(body, nats_subject=subject)
        return LiveEvent(int(sequence), envelope)
    except UnknownType:
        return None
    except (NotAnEvent, ValueError) as error:
        NOT_AN_EVENT.warning(error=error)
        return None
