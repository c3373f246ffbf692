"""Begin a treatment relationship for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import RelationshipSource
from baton_events.directory import RelationshipStarted
from services.directory.model.rules import begun, registration
from services.directory.store import relationships
from shared.outbox import announce

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx


async def begin(tx: Tx, patient: UUID, clinician: UUID, now: datetime) -> None:
    """Somebody registered with an own clinician is treated by them."""
    await confirm(tx, registration(patient, clinician), patient, clinician, RelationshipSource.REGISTRATION, now)


async def confirm(
    tx: Tx, relationship: UUID, patient: UUID, clinician: UUID, source: RelationshipSource, now: datetime
) -> bool:
    """Have the relationship stand and say so; False when it stood already."""
    if not await relationships.confirm(tx, relationship, patient, clinician, source, now):
        return False
    started = RelationshipStarted(relationship=relationship, patient=patient, clinician=clinician, source=source)
    await announce(tx, started, now)
    return True


async def see(tx: Tx, visit: UUID, patient: UUID, clinician: UUID, now: datetime) -> bool:
    """Who begins a visit treats the patient, also when its time was given back or moved at that very moment.

    It is told where nothing said so before; False when this visit was seen before.
    """
    before = await relationships.active(tx, patient, clinician, now)
    relationship, source = begun(visit), RelationshipSource.BOOKING
    if not await relationships.confirm(tx, relationship, patient, clinician, source, now):
        return False
    if before is None:
        started = RelationshipStarted(relationship=relationship, patient=patient, clinician=clinician, source=source)
        await announce(tx, started, now)
    return True
