"""What handoffs publishes: the life of one piece of owed work, with its owner at every step."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import HandoffName, Owner, Time


@published("handoffs", "handoff.opened", entity="handoff")
class HandoffOpened(Event, frozen=True, kw_only=True):
    """Work is owed by `owner` until `due`."""

    handoff: UUID
    name: HandoffName
    case: UUID
    owner: Owner
    due: Time
    patient: UUID | None = None


@published("handoffs", "handoff.accepted", entity="handoff")
class HandoffAccepted(Event, frozen=True, kw_only=True):
    """A person of the owning team took it."""

    handoff: UUID
    name: HandoffName
    case: UUID
    owner: Owner
    accepted_by: UUID
    patient: UUID | None = None


@published("handoffs", "handoff.moved", entity="handoff")
class HandoffMoved(Event, frozen=True, kw_only=True):
    """Custody passed from `previous_owner` to `owner`."""

    handoff: UUID
    name: HandoffName
    case: UUID
    owner: Owner
    previous_owner: Owner
    due: Time
    patient: UUID | None = None


@published("handoffs", "handoff.escalated", entity="handoff")
class HandoffEscalated(Event, frozen=True, kw_only=True):
    """The deadline passed; custody climbed from `previous_owner` to `owner` on rung `rung` of the ladder."""

    handoff: UUID
    name: HandoffName
    case: UUID
    owner: Owner
    previous_owner: Owner
    rung: int
    due: Time
    patient: UUID | None = None


@published("handoffs", "handoff.closed", entity="handoff")
class HandoffClosed(Event, frozen=True, kw_only=True):
    """The work is done."""

    handoff: UUID
    name: HandoffName
    case: UUID
    owner: Owner
    patient: UUID | None = None


@published("handoffs", "handoff.withdrawn", entity="handoff")
class HandoffWithdrawn(Event, frozen=True, kw_only=True):
    """The work is no longer owed."""

    handoff: UUID
    name: HandoffName
    case: UUID
    owner: Owner
    patient: UUID | None = None
