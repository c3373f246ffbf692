"""Follow-ups owed after visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

OWE = """
INSERT INTO follow_up (visit, patient, clinician, owner, due) VALUES ($1, $2, $3::uuid, 'clinician:' || $3::uuid, $4)
ON CONFLICT ON CONSTRAINT follow_up_pkey DO UPDATE
   SET patient = excluded.patient, clinician = excluded.clinician,
       owner = coalesce(follow_up.owner, excluded.owner), due = coalesce(follow_up.due, excluded.due)
 WHERE follow_up.sent_at IS NULL
"""

HAND_ON = """
INSERT INTO follow_up (visit, patient, owner, due, moved_sequence) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT follow_up_pkey DO UPDATE
   SET owner = excluded.owner, due = excluded.due, moved_sequence = excluded.moved_sequence
 WHERE follow_up.sent_at IS NULL AND coalesce(follow_up.moved_sequence, 0) < excluded.moved_sequence
"""

DECLINE = """
INSERT INTO follow_up (visit, patient, declined_at) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT follow_up_pkey DO UPDATE SET declined_at = excluded.declined_at
 WHERE follow_up.sent_at IS NULL AND follow_up.declined_at IS NULL
"""

OWES = """
SELECT owner FROM follow_up
 WHERE visit = $1 AND patient = $2 AND owner = ANY ($3::text[]) AND sent_at IS NULL AND declined_at IS NULL
   FOR UPDATE
"""

OWES_ANY = """
SELECT EXISTS (
    SELECT 1 FROM follow_up
     WHERE patient = $1 AND owner = ANY ($2::text[]) AND sent_at IS NULL AND declined_at IS NULL
)
"""

SEND = "UPDATE follow_up SET message = $2, sent_at = $3 WHERE visit = $1 RETURNING owner"

OWED_BY = """
SELECT visit, patient, due FROM follow_up
 WHERE owner = ANY ($1::text[]) AND sent_at IS NULL AND declined_at IS NULL
 ORDER BY due LIMIT 100
"""


async def owe(tx: Tx, visit: UUID, patient: UUID, clinician: UUID, due: datetime) -> None:
    """The clinician owes the patient a message; a refusal of it that came earlier stands."""
    await tx.execute(OWE, visit, patient, clinician, due)


async def decline(tx: Tx, visit: UUID, patient: UUID, now: datetime) -> None:
    """The patient does not want it, also when it is not owed yet."""
    await tx.execute(DECLINE, visit, patient, now)


async def pass_on(tx: Tx, visit: UUID, patient: UUID, owner: str, due: datetime, sequence: int) -> None:
    """It is owed by `owner` now, also when it is not owed yet; of several passings on the one last announced counts."""
    await tx.execute(HAND_ON, visit, patient, owner, due, sequence)


async def owed(tx: Tx, visit: UUID, patient: UUID, owners: Collection[str]) -> str | None:
    """Which of these owes it still; if one does, it is locked until the transaction ends."""
    owner: str | None = await tx.fetchval(OWES, visit, patient, list(owners))
    return owner


async def owes_any(tx: Tx, patient: UUID, owners: Collection[str]) -> bool:
    """Whether any of these owes the patient a follow-up."""
    return bool(await tx.fetchval(OWES_ANY, patient, list(owners)))


async def send(tx: Tx, visit: UUID, message: UUID, now: datetime) -> str:
    """Mark the follow-up as sent by this message; gives who owed it."""
    owner: str = await tx.fetchval(SEND, visit, message, now)
    return owner


async def owed_by(tx: Tx, owners: Collection[str]) -> list[asyncpg.Record]:
    """What these owe, most urgent first."""
    return await tx.fetch(OWED_BY, list(owners))
