"""What erasing a patient does to booking's rows; what is sealed in them opens no more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from shared.database import Tx

GIVE_BACK = """
UPDATE appointment SET status = 'cancelled', cancelled_at = $2, cancelled_by = patient
 WHERE patient = $1 AND status = 'booked'
RETURNING id, clinician, office, start_at, end_at
"""


class Given(NamedTuple):
    """An appointment given back, and its time."""

    appointment: UUID
    clinician: UUID
    office: UUID
    start: datetime
    end: datetime


async def give_back(tx: Tx, patient: UUID, now: datetime) -> list[Given]:
    """The times that the patient had taken are free again; gives their appointments."""
    return [Given(*row) for row in await tx.fetch(GIVE_BACK, patient, now)]
