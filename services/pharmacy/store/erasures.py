"""What erasing a patient does to pharmacy's rows; what is sealed in them opens no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

DROP_MESSAGES = """
UPDATE delivery d SET settled_at = $2, outcome = 'dropped'
  FROM prescription p WHERE p.id = d.prescription AND p.patient = $1 AND d.settled_at IS NULL
"""

RESOLVE_PROBLEMS = """
UPDATE problem o SET resolved_at = $2, resolution = 'cancelled', move_at = NULL
  FROM prescription p WHERE p.id = o.prescription AND p.patient = $1 AND o.resolved_at IS NULL
"""

END_DEADLINES = """
UPDATE deadline SET cancelled_at = $2
 WHERE fired_at IS NULL AND cancelled_at IS NULL
   AND entity IN (SELECT r.id FROM routing r JOIN prescription p ON p.id = r.prescription WHERE p.patient = $1)
"""

END_PRESCRIPTIONS = "UPDATE prescription SET status = 'cancelled' WHERE patient = $1 AND status = 'active'"

FORGET_PREFERENCE = "DELETE FROM preference WHERE patient = $1"


async def end_all(tx: Tx, patient: UUID, now: datetime) -> None:
    """Nothing more is sent for the patient, and where they wanted it sent is forgotten."""
    for statement in (DROP_MESSAGES, RESOLVE_PROBLEMS, END_DEADLINES):
        await tx.execute(statement, patient, now)
    for statement in (END_PRESCRIPTIONS, FORGET_PREFERENCE):
        await tx.execute(statement, patient)
