"""Patients' own pharmacies and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.pharmacy.model.choice import Preference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

FIND = "SELECT pharmacy, farthest_kilometres, delivery FROM preference WHERE patient = $1"

KEEP = """
INSERT INTO preference (patient, pharmacy, farthest_kilometres, delivery, kept_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT preference_pkey DO UPDATE
   SET pharmacy = excluded.pharmacy, farthest_kilometres = excluded.farthest_kilometres,
       delivery = excluded.delivery, kept_at = excluded.kept_at
"""

LOAD = """
INSERT INTO preference (patient, pharmacy, farthest_kilometres, delivery, kept_at)
SELECT patient, pharmacy, farthest, false, $4
  FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS known (patient, pharmacy, farthest)
 WHERE NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = known.patient)
ON CONFLICT ON CONSTRAINT preference_pkey DO NOTHING
"""


async def preference(tx: Tx, patient: UUID) -> Preference:
    """The patient's pharmacy and limits; the usual limits where they set none."""
    row = await tx.fetchrow(FIND, patient)
    return Preference(**row) if row else Preference()


async def keep(tx: Tx, patient: UUID, preference: Preference, now: datetime) -> None:
    """Keep what the patient prefers from now on."""
    await tx.execute(KEEP, patient, preference.pharmacy, preference.farthest_kilometres, preference.delivery, now)


async def load(tx: Tx, known: Sequence[tuple[UUID, UUID, int]], now: datetime) -> None:
    """Give patients the pharmacy and distance of the practice's data, unless they have set their own."""
    if known:
        await tx.execute(LOAD, *(list(column) for column in zip(*known, strict=True)), now)
