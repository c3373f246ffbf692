"""The ledger's own events, in the transaction that makes them true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.handoffs import (
    HandoffAccepted,
    HandoffClosed,
    HandoffEscalated,
    HandoffMoved,
    HandoffOpened,
    HandoffWithdrawn,
)
from shared.outbox.add import announce
from shared.requests.handoffs import HandoffState

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.handoffs.model import Held
    from shared.database import Tx

SETTLED = {HandoffState.CLOSED: HandoffClosed, HandoffState.WITHDRAWN: HandoffWithdrawn}


async def opened(tx: Tx, held: Held, now: datetime) -> None:
    """Work is owed."""
    await announce(
        tx,
        HandoffOpened(
            handoff=held.id, name=held.name, case=held.case, owner=held.owner, due=held.due, patient=held.patient
        ),
        now,
    )


async def accepted(tx: Tx, held: Held, person: UUID, now: datetime) -> None:
    """Somebody took it."""
    await announce(
        tx,
        HandoffAccepted(
            handoff=held.id,
            name=held.name,
            case=held.case,
            owner=held.owner,
            accepted_by=person,
            patient=held.patient,
        ),
        now,
    )


async def moved(tx: Tx, held: Held, owner: str, due: datetime, now: datetime) -> None:
    """Custody passed on."""
    await announce(
        tx,
        HandoffMoved(
            handoff=held.id,
            name=held.name,
            case=held.case,
            owner=owner,
            previous_owner=held.owner,
            due=due,
            patient=held.patient,
        ),
        now,
    )


async def escalated(tx: Tx, held: Held, owner: str, rung: int, due: datetime, now: datetime) -> None:
    """Custody climbed, or the last rung was asked again."""
    await announce(
        tx,
        HandoffEscalated(
            handoff=held.id,
            name=held.name,
            case=held.case,
            owner=owner,
            previous_owner=held.owner,
            rung=rung,
            due=due,
            patient=held.patient,
        ),
        now,
    )


async def settled(tx: Tx, held: Held, state: HandoffState, now: datetime) -> None:
    """The work is done, or no longer owed."""
    event = SETTLED[state]
    await announce(
        tx,
        event(handoff=held.id, name=held.name, case=held.case, owner=held.owner, patient=held.patient),
        now,
    )
