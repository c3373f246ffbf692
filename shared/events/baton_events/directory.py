"""What directory publishes: treatment relationships and the erasure of a record."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import RelationshipSource, Time


@published("directory", "relationship.started", entity="relationship")
class RelationshipStarted(Event, frozen=True, kw_only=True):
    """A clinician treats a patient from now on."""

    relationship: UUID
    patient: UUID
    clinician: UUID
    source: RelationshipSource


@published("directory", "relationship.ended", entity="relationship")
class RelationshipEnded(Event, frozen=True, kw_only=True):
    """The clinician no longer treats the patient."""

    relationship: UUID
    patient: UUID
    clinician: UUID


@published("directory", "erasure.requested", entity="erasure")
class ErasureRequested(Event, frozen=True, kw_only=True):
    """Everything held about the patient is to be made unreadable by `erase_due`."""

    erasure: UUID
    patient: UUID
    erase_due: Time


@published("directory", "erasure.approved", entity="erasure")
class ErasureApproved(Event, frozen=True, kw_only=True):
    """The privacy officer decided: every service destroys its keys for the patient now."""

    erasure: UUID
    patient: UUID


@published("directory", "erasure.completed", entity="erasure")
class ErasureCompleted(Event, frozen=True, kw_only=True):
    """Every service has confirmed."""

    erasure: UUID
    patient: UUID


@published("directory", "erasure.withdrawn", entity="erasure")
class ErasureWithdrawn(Event, frozen=True, kw_only=True):
    """The patient keeps their record."""

    erasure: UUID
    patient: UUID
