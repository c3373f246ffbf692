"""Follow-ups owed after visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

OWE = """
INSERT INTO follow_up (visit, patient, clinician, due) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT follow_up_pkey DO UPDATE
   SET patient = excluded.patient, clinician = excluded.clinician, due = excluded.due
 WHERE follow_up.sent_at IS NULL
"""

DECLINE = """
INSERT INTO follow_up (visit, patient, declined_at) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT follow_up_pkey DO UPDATE SET declined_at = excluded.declined_at
 WHERE follow_up.sent_at IS NULL AND follow_up.declined_at IS NULL
"""

OWES = """
SELECT EXISTS (
    SELECT 1 FROM follow_up
     WHERE visit = $1 AND patient = $2 AND clinician = $3 AND sent_at IS NULL AND declined_at IS NULL
       FOR UPDATE
)
"""

SEND = "UPDATE follow_up SET message = $2, sent_at = $3 WHERE visit = $1"

OWED_BY = """
SELECT visit, patient, due FROM follow_up
 WHERE clinician = $1 AND sent_at IS NULL AND declined_at IS NULL
 ORDER BY due LIMIT 100
"""


async def owe(tx: Tx, visit: UUID, patient: UUID, clinician: UUID, due: datetime) -> None:
    """The clinician owes the patient a message; a refusal of it that came earlier stands."""
    await tx.execute(OWE, visit, patient, clinician, due)


async def decline(tx: Tx, visit: UUID, patient: UUID, now: datetime) -> None:
    """The patient does not want it, also when it is not owed yet."""
    await tx.execute(DECLINE, visit, patient, now)


async def owes(tx: Tx, visit: UUID, patient: UUID, clinician: UUID) -> bool:
    """Whether this clinician owes it still; if so it is locked until the transaction ends."""
    return bool(await tx.fetchval(OWES, visit, patient, clinician))


async def send(tx: Tx, visit: UUID, message: UUID, now: datetime) -> None:
    """Mark the follow-up as sent by this message."""
    await tx.execute(SEND, visit, message, now)


async def owed_by(tx: Tx, clinician: UUID) -> list[asyncpg.Record]:
    """What the clinician owes, most urgent first."""
    return await tx.fetch(OWED_BY, clinician)
