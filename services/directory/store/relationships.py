"""Treatment relationships: registered for a while, confirmed for good, until they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.rules import RelationshipDiffers, UnknownPerson
from shared.database import refusing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from baton_events.codes import RelationshipSource
    from shared.database import Tx
    from shared.errors import Refusal

REGISTER = """
INSERT INTO relationship AS r (id, patient, clinician, source, registered_at, lapses_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT relationship_pkey DO UPDATE SET lapses_at = excluded.lapses_at
 WHERE r.confirmed_at IS NULL AND r.patient = excluded.patient AND r.clinician = excluded.clinician
   AND r.lapses_at < excluded.lapses_at
"""

BETWEEN = "SELECT patient = $2 AND clinician = $3 FROM relationship WHERE id = $1"

CONFIRM = """
INSERT INTO relationship AS r (id, patient, clinician, source, registered_at, confirmed_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT ON CONSTRAINT relationship_pkey DO UPDATE SET confirmed_at = excluded.confirmed_at
 WHERE r.confirmed_at IS NULL AND r.ended_at IS NULL
   AND r.patient = excluded.patient AND r.clinician = excluded.clinician
RETURNING id
"""

END = "UPDATE relationship SET ended_at = $3 WHERE id = $1 AND patient = $2 AND ended_at IS NULL RETURNING clinician"

ACTIVE = """
SELECT id FROM relationship
 WHERE patient = $1 AND clinician = $2
   AND (confirmed_at IS NOT NULL OR lapses_at > $3)
   AND (ended_at IS NULL OR ended_at > $3)
 ORDER BY confirmed_at NULLS LAST, id LIMIT 1
"""

STRANGERS: Mapping[str, type[Refusal]] = {
    "relationship_patient_fkey": UnknownPerson,
    "relationship_clinician_fkey": UnknownPerson,
}


async def register(
    tx: Tx,
    relationship: UUID,
    patient: UUID,
    clinician: UUID,
    source: RelationshipSource,
    now: datetime,
    lapses_at: datetime,
) -> None:
    """Have it count until it lapses, unless it stands or counts for longer already.

    Raises UnknownPerson, RelationshipDiffers.
    """
    with refusing(STRANGERS):
        await tx.execute(REGISTER, relationship, patient, clinician, source.value, now, lapses_at)
    if not await tx.fetchval(BETWEEN, relationship, patient, clinician):
        raise RelationshipDiffers


async def confirm(
    tx: Tx, relationship: UUID, patient: UUID, clinician: UUID, source: RelationshipSource, now: datetime
) -> bool:
    """Have it stand, also when it was never registered or has lapsed; False when it stood already, or has ended."""
    with refusing(STRANGERS):
        return await tx.fetchval(CONFIRM, relationship, patient, clinician, source.value, now) is not None


async def end(tx: Tx, relationship: UUID, patient: UUID, now: datetime) -> UUID | None:
    """Have it open nothing any more, also when it is confirmed later; gives the clinician, None when it had ended."""
    clinician: UUID | None = await tx.fetchval(END, relationship, patient, now)
    return clinician


async def active(tx: Tx, patient: UUID, clinician: UUID, now: datetime) -> UUID | None:
    """The relationship by which the clinician treats the patient, if one does."""
    found: UUID | None = await tx.fetchval(ACTIVE, patient, clinician, now)
    return found
