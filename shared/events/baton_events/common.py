"""What every service publishes under its own name: dead letters, erasures done, signed audit checkpoints."""

from typing import Any, TypeVar, cast
from uuid import UUID

from msgspec import defstruct

from baton_events.base import Event, published
from baton_events.codes import Digest, Owner, ServiceName, Signature, Time


class DeadLetterRecorded(Event, frozen=True, kw_only=True):
    """An event was refused by the work again and again; ops repairs it by `repair_due`."""

    dead_letter: UUID
    event: UUID
    repair_owner: Owner
    repair_due: Time


class DeadLetterReplayed(Event, frozen=True, kw_only=True):
    """The event was handled after all."""

    dead_letter: UUID
    event: UUID


class DeadLetterDiscarded(Event, frozen=True, kw_only=True):
    """Ops decided that the event needs no handling."""

    dead_letter: UUID
    event: UUID


class ErasureConfirmed(Event, frozen=True, kw_only=True):
    """One service has destroyed its keys for the patient."""

    erasure: UUID
    patient: UUID
    service: ServiceName


class AuditCheckpointed(Event, frozen=True, kw_only=True):
    """The audit chain of a service stood at `position` with `head`, signed with the service's own key.

    `head` is the hex SHA-256 of the last link, `signature` the base64url Ed25519 signature over
    `position`, a colon and `head`.
    """

    checkpoint: UUID
    position: int
    head: Digest
    signature: Signature


C = TypeVar("C", bound=Event)


def _of_each_service(cls: type[C], name: str, entity: str) -> dict[ServiceName, type[C]]:
    types: dict[ServiceName, type[C]] = {}
    for service in ServiceName:
        name_of_its_own = f"{service.title()}{cls.__name__}"
        doc = {"__doc__": cls.__doc__}
        own: Any = defstruct(name_of_its_own, [], bases=(cls,), namespace=doc, frozen=True, kw_only=True)
        types[service] = published(service, name, entity)(cast("type[C]", own))
    return types


DEAD_LETTER_RECORDED = _of_each_service(DeadLetterRecorded, "dead-letter.recorded", "dead_letter")
DEAD_LETTER_REPLAYED = _of_each_service(DeadLetterReplayed, "dead-letter.replayed", "dead_letter")
DEAD_LETTER_DISCARDED = _of_each_service(DeadLetterDiscarded, "dead-letter.discarded", "dead_letter")
AUDIT_CHECKPOINTED = _of_each_service(AuditCheckpointed, "audit.checkpointed", "checkpoint")
ERASURE_CONFIRMED = _of_each_service(ErasureConfirmed, "erasure.confirmed", "erasure")
