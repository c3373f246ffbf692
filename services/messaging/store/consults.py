"""Consults as they stand, and how soon clinicians gave their first answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING

from services.messaging.model.consults import ConsultRow
from services.messaging.model.providers import LOOK_BACK, MOST_ANSWERS
from shared.requests.consults import ConsultStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

BESIDE = frozenset({"assigned", "joined", "owner", "erased", "ended_at"})
OWN = tuple(field.name for field in fields(ConsultRow) if field.name not in BESIDE)

ADD = f"""
INSERT INTO consult ({", ".join(OWN)}) VALUES ({", ".join(f"${number}" for number in range(1, len(OWN) + 1))})
ON CONFLICT DO NOTHING
RETURNING id
"""  # noqa: S608 - constants of this file

COLUMNS = f"""
SELECT {", ".join(f"c.{name}" for name in OWN)},
       t.assigned, p.joined_by AS joined, p.owner, k.ended_at,
       EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = c.patient) AS erased
  FROM consult c
  LEFT JOIN thread t ON t.id = c.thread
  LEFT JOIN person_request p ON p.id = c.person_request
  LEFT JOIN consult_clock k ON k.consult = c.id
"""  # noqa: S608 - likewise

FIND = f"{COLUMNS} WHERE c.id = $1"

LOCK = f"{FIND} FOR NO KEY UPDATE OF c"

OF_PATIENT = f"{COLUMNS} WHERE c.patient = $1 ORDER BY c.requested_at DESC, c.id LIMIT $2"

SEEN_TO_BY = f"""
{COLUMNS}
 WHERE t.assigned = $1 AND t.closed_at IS NULL AND c.status IN ('requested', 'answered', 'treated')
   AND NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = c.patient)
 ORDER BY c.status <> 'requested', CASE c.status WHEN 'requested' THEN c.answer_due END, c.requested_at DESC, c.id
 LIMIT $2
"""  # noqa: S608 - likewise

ANSWER = """
UPDATE consult SET status = 'answered', answered_at = $3, answered_by = $2
 WHERE thread = $1 AND status = 'requested'
RETURNING id, patient
"""

TREAT = """
UPDATE consult
   SET status = 'treated', version = $2, treated_at = coalesce(treated_at, $4),
       answered_at = coalesce(answered_at, $4), answered_by = coalesce(answered_by, $3)
 WHERE id = $1
"""

DECLINE = """
UPDATE consult
   SET status = 'declined', declined_at = $3, declined_by = $2, decline_offers = $4, decline_reason = $5
 WHERE id = $1
"""

CALLED = "UPDATE consult SET person_request = $2 WHERE id = $1"

WITHDRAW = "UPDATE consult SET status = 'withdrawn', withdrawn_at = $2 WHERE id = $1"

DECLINED_BY = """
WITH RECURSIVE before AS (
    SELECT c.id, c.instead_of, c.declined_by FROM consult c WHERE c.id = $1
    UNION
    SELECT c.id, c.instead_of, c.declined_by FROM consult c JOIN before b ON c.id = b.instead_of
)
SELECT declined_by FROM before WHERE declined_by IS NOT NULL
"""

WAITS = """
SELECT w.clinician, m.waited
  FROM unnest($1::uuid[]) AS w (clinician)
 CROSS JOIN LATERAL (
       SELECT coalesce(c.answered_at, $2) - c.requested_at AS waited
         FROM consult c
        WHERE c.clinician = w.clinician AND c.requested_at > $3
          AND (c.answered_by = c.clinician OR (c.status = 'requested' AND c.answer_due < $2))
        ORDER BY c.requested_at DESC LIMIT $4
 ) m
"""


def _row(row: asyncpg.Record) -> ConsultRow:
    values = dict(row)
    return ConsultRow(**{**values, "status": ConsultStatus(values["status"])})


async def add(tx: Tx, consult: ConsultRow) -> bool:
    """Keep the consult; False when its offer was taken before."""
    return await tx.fetchval(ADD, *(getattr(consult, name) for name in OWN)) is not None


async def find(tx: Tx, consult: UUID) -> ConsultRow | None:
    """The consult as it stands."""
    row = await tx.fetchrow(FIND, consult)
    return _row(row) if row else None


async def lock(tx: Tx, consult: UUID) -> ConsultRow | None:
    """The consult, locked until the transaction ends; its thread is locked before it."""
    row = await tx.fetchrow(LOCK, consult)
    return _row(row) if row else None


async def of_patient(tx: Tx, patient: UUID, most: int) -> list[ConsultRow]:
    """The patient's consults, newest first."""
    return [_row(row) for row in await tx.fetch(OF_PATIENT, patient, most)]


async def seen_to_by(tx: Tx, clinician: UUID, most: int) -> list[ConsultRow]:
    """The consults the clinician sees to: those without a first answer by their promise, then the latest."""
    return [_row(row) for row in await tx.fetch(SEEN_TO_BY, clinician, most)]


async def answer(tx: Tx, thread: UUID, clinician: UUID, now: datetime) -> asyncpg.Record | None:
    """The clinician gave the first answer in this thread: consult and patient; None where one was given before."""
    return await tx.fetchrow(ANSWER, thread, clinician, now)


async def treat(tx: Tx, consult: UUID, version: int, clinician: UUID, now: datetime) -> None:
    """The plan has come to this version; it is an answer too."""
    await tx.execute(TREAT, consult, version, clinician, now)


async def decline(tx: Tx, consult: UUID, clinician: UUID, now: datetime, offers: str, reason: bytes) -> None:
    """The clinician does not treat it by message."""
    await tx.execute(DECLINE, consult, clinician, now, offers, reason)


async def called(tx: Tx, consult: UUID, request: UUID) -> None:
    """A person was called because of it."""
    await tx.execute(CALLED, consult, request)


async def withdraw(tx: Tx, consult: UUID, now: datetime) -> None:
    """The patient took it back."""
    await tx.execute(WITHDRAW, consult, now)


async def declined_by(tx: Tx, consult: UUID) -> set[UUID]:
    """Who declined it, or one whose place it took."""
    return {row["declined_by"] for row in await tx.fetch(DECLINED_BY, consult)}


async def waits(tx: Tx, clinicians: Sequence[UUID], now: datetime) -> dict[UUID, list[timedelta]]:
    """How long patients waited for each clinician's own first answers, the latest twenty within ninety days.

    What they declined, what was withdrawn first and what somebody else answered do not count; what still waits past its
    promise counts as long as it has waited.
    """
    found: dict[UUID, list[timedelta]] = defaultdict(list)
    for row in await tx.fetch(WAITS, clinicians, now, now - LOOK_BACK, MOST_ANSWERS):
        found[row["clinician"]].append(row["waited"])
    return found
