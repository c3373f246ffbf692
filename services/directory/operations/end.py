"""End a treatment relationship."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.directory import RelationshipEnded
from services.directory.store import relationships
from shared.outbox import announce

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx


async def end(tx: Tx, relationship: UUID, patient: UUID, now: datetime) -> bool:
    """Have the relationship open nothing any more; False when it did not before.

    It is told once nothing else is left by which the clinician treats the patient.
    """
    clinician = await relationships.end(tx, relationship, patient, now)
    if clinician is None:
        return False
    if await relationships.active(tx, patient, clinician, now) is None:
        await announce(tx, RelationshipEnded(relationship=relationship, patient=patient, clinician=clinician), now)
    return True
