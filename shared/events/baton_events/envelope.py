"""The envelope: a CloudEvents 1.0 structured JSON event, rendered by the relay and checked by every reader."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from baton_events.base import TYPES, Event

CONTENT_TYPE = "application/cloudevents+json"
HIGHEST_SEQUENCE = 10**10 - 1


class NotAnEvent(ValueError):
    """What arrived is not an event of this contract; the text says why and holds nothing of what arrived."""


class UnknownType(NotAnEvent):
    """A well-formed event of a type this version of the contract does not know; a newer one may."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event as it travels.

    `subject` is the entity's id and `sequence` counts the entity's events, padded so that text order is number order.
    """

    specversion: Literal["1.0"]
    id: UUID
    source: Annotated[str, Meta(pattern="^/baton/[a-z]+$")]
    type: Annotated[str, Meta(pattern=r"^care(\.[a-z0-9-]+)+$")]
    subject: UUID
    time: Annotated[datetime, Meta(tz=True)]
    sequence: Annotated[str, Meta(pattern="^[0-9]{10}$")]
    datacontenttype: Literal["application/json"]
    traceparent: Annotated[str, Meta(pattern="^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None = None
    data: msgspec.Raw

    def typed(self) -> Event:
        """The event itself; raises UnknownType or NotAnEvent."""
        decoder = _decoder(self.type)
        if decoder is None:
            raise UnknownType("this version of the contract does not know the type")
        try:
            return decoder.decode(self.data)
        except (msgspec.MsgspecError, ValueError):
            raise NotAnEvent(f"the data does not fit {self.type}") from None


_ENVELOPE = msgspec.json.Decoder(Envelope)


@cache
def _decoder(type_: str) -> msgspec.json.Decoder[Event] | None:
    event = TYPES.get(type_)
    return msgspec.json.Decoder(event) if event else None


def render(
    *,
    id: UUID,  # noqa: A002 - CloudEvents' own name
    type: str,  # noqa: A002 - likewise
    entity: UUID,
    sequence: int,
    time: datetime,
    data: bytes,
    traceparent: str | None = None,
) -> bytes:
    """The event's bytes, the same for the same arguments; `data` is the event encoded as JSON."""
    assert 0 < sequence <= HIGHEST_SEQUENCE, "an entity's events are counted from 1"
    return msgspec.json.encode(
        Envelope(
            specversion="1.0",
            id=id,
            source=f"/baton/{type.split('.')[1]}",
            type=type,
            subject=entity,
            time=time,
            sequence=f"{sequence:010d}",
            datacontenttype="application/json",
            traceparent=traceparent,
            data=msgspec.Raw(data),
        ),
    )


def parse(body: bytes, *, nats_subject: str | None = None) -> Envelope:
    """The envelope, checked against its data and, where given, the NATS subject it arrived on.

    Raises NotAnEvent for anything forged, malformed or contradicting itself, UnknownType for a type not known here.
    """
    try:
        envelope = _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, ValueError):
        raise NotAnEvent("the body is not a CloudEvents 1.0 JSON event of this contract") from None
    if nats_subject is not None and nats_subject.rpartition(".")[0] != envelope.type:
        raise NotAnEvent("the type is not that of the NATS subject")
    if envelope.source != f"/baton/{envelope.type.split('.')[1]}":
        raise NotAnEvent("the source is not the service of the type")
    event = envelope.typed()
    if event.entity != envelope.subject:
        raise NotAnEvent("the subject is not the entity of the data")
    if nats_subject is not None and nats_subject != event.kind.subject(event.patient_id):
        raise NotAnEvent("the patient of the data is not that of the NATS subject")
    return envelope
