"""What erasing a patient does to booking's rows; what is sealed in them opens no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

GIVE_BACK = """
UPDATE appointment SET status = 'cancelled', cancelled_at = $2, cancelled_by = patient
 WHERE patient = $1 AND status = 'booked'
RETURNING id
"""


async def give_back(tx: Tx, patient: UUID, now: datetime) -> list[UUID]:
    """The times that the patient had taken are free again; gives their appointments."""
    return [row["id"] for row in await tx.fetch(GIVE_BACK, patient, now)]
