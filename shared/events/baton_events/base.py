"""What an event is: its data, where it is published, and which entity it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

VERSION = "v1"


@dataclass(frozen=True)
class EventType:
    """Where a kind of event stands in the stream.

    `entity` names the data field that holds the id of the entity whose events are counted and kept in order.
    """

    service: str
    noun: str
    verb: str
    entity: str

    @property
    def name(self) -> str:
        """The short name, as the handoff table writes it: `appointment.booked`."""
        return f"{self.noun}.{self.verb}"

    @property
    def type(self) -> str:
        """The CloudEvents `type`, which is the subject without its patient."""
        return f"care.{self.service}.{VERSION}.{self.noun}.{self.verb}"

    def subject(self, patient: UUID | None) -> str:
        """The NATS subject: the type, then the patient's id or `none`."""
        return f"{self.type}.{patient or 'none'}"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of an event: identifiers, times and codes of the closed list, never words about health.

    Readers ignore fields they do not know, and a field at its default is left out, so that a major version may grow
    while every event of its past still renders as it was.
    """

    kind: ClassVar[EventType]

    @property
    def entity(self) -> UUID:
        """The id of the entity this event is about."""
        entity: UUID = getattr(self, self.kind.entity)
        return entity

    @property
    def patient_id(self) -> UUID | None:
        """The patient it concerns, if any."""
        return getattr(self, "patient", None)


TYPES: dict[str, type[Event]] = {}

E = TypeVar("E", bound=type[Event])


def published(service: str, name: str, entity: str) -> Callable[[E], E]:
    """Register a data class as an event that `service` publishes, about the entity in field `entity`."""
    noun, verb = name.split(".")
    kind = EventType(service=service, noun=noun, verb=verb, entity=entity)

    def register(cls: E) -> E:
        cls.kind = kind
        TYPES[kind.type] = cls
        return cls

    return register
