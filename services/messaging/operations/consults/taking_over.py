"""Whoever takes a consult over treats its patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from services.messaging.model.consults import derived

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.threads import ThreadCard
    from services.messaging.operations.ground import MessagingGround


def relationship_of(ground: MessagingGround, card: ThreadCard, clinician: UUID | None) -> UUID | None:
    """The treatment relationship that seeing to this thread begins, which the event names for directory to confirm."""
    if clinician is None or card.kind is not ThreadKind.CONSULT:
        return None
    return derived(ground.bus.secret, f"relationship {clinician}", card.id)
