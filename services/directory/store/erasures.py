"""Erasures: asked for, decided, confirmed, completed; and the blanking of what stood here in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.erasure import ErasureAskedFor

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from baton_events.codes import ServiceName
    from shared.database import Tx

REQUEST = """
INSERT INTO erasure (id, patient, requested_by, requested_at, due) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (patient) WHERE withdrawn_at IS NULL DO NOTHING
RETURNING id
"""

COLUMNS = "e.id, e.patient, e.requested_by, e.requested_at, e.due, e.approved_at, e.withdrawn_at, e.completed_at"

LOCK = f"SELECT {COLUMNS} FROM erasure e WHERE e.id = $1 FOR UPDATE"  # noqa: S608 - columns of this module

LISTED = f"""
SELECT {COLUMNS},
       ARRAY(SELECT c.service FROM erasure_confirmed c WHERE c.erasure = e.id ORDER BY c.service) AS confirmed
  FROM erasure e
 WHERE ($1::uuid IS NULL OR e.patient = $1)
   AND ($1::uuid IS NOT NULL OR e.withdrawn_at IS NULL AND e.completed_at IS NULL)
 ORDER BY e.due, e.id LIMIT $2
"""  # noqa: S608 - likewise

APPROVE = "UPDATE erasure SET approved_by = $2, approved_at = $3 WHERE id = $1"
WITHDRAW = "UPDATE erasure SET withdrawn_by = $2, withdrawn_at = $3 WHERE id = $1"
COMPLETED = "SELECT patient FROM erasure WHERE completed_at IS NOT NULL ORDER BY completed_at, id"

COMPLETE = "UPDATE erasure SET completed_at = $2 WHERE id = $1"

CONFIRM = """
INSERT INTO erasure_confirmed (erasure, service, confirmed_at) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT erasure_confirmed_pkey DO NOTHING
"""

CONFIRMED = "SELECT service FROM erasure_confirmed WHERE erasure = $1"

BLANK = """
UPDATE patient
   SET name = NULL, birth_date = NULL, state = NULL, time_zone = NULL, latitude = NULL, longitude = NULL,
       own_clinician = NULL
 WHERE id = $1
"""

BLANK_ERASED = """
UPDATE patient p
   SET name = NULL, birth_date = NULL, state = NULL, time_zone = NULL, latitude = NULL, longitude = NULL,
       own_clinician = NULL
  FROM erased_patient e WHERE e.patient = p.id AND p.name IS NOT NULL
"""

END_ERASED_GRANTS = "DELETE FROM proxy USING erased_patient e WHERE e.patient = proxy.patient"

END_GRANTS = "DELETE FROM proxy WHERE patient = $1"

FORGET_LOADED = "DELETE FROM loaded WHERE entry = 'patient:' || $1::uuid"


async def request(tx: Tx, erasure: UUID, patient: UUID, requested_by: UUID, now: datetime, due: datetime) -> None:
    """Ask for it; raises ErasureAskedFor when it was asked for before."""
    if await tx.fetchval(REQUEST, erasure, patient, requested_by, now, due) is None:
        raise ErasureAskedFor


async def lock(tx: Tx, erasure: UUID) -> asyncpg.Record | None:
    """The request, locked until the transaction ends."""
    return await tx.fetchrow(LOCK, erasure)


async def listed(tx: Tx, patient: UUID | None, limit: int) -> list[asyncpg.Record]:
    """All of one patient's, or the open ones of everybody, most urgent first."""
    return await tx.fetch(LISTED, patient, limit)


async def approve(tx: Tx, erasure: UUID, by: UUID, now: datetime) -> None:
    """It is decided."""
    await tx.execute(APPROVE, erasure, by, now)


async def withdraw(tx: Tx, erasure: UUID, by: UUID, now: datetime) -> None:
    """It is no longer asked for."""
    await tx.execute(WITHDRAW, erasure, by, now)


async def confirm(tx: Tx, erasure: UUID, service: ServiceName, now: datetime) -> frozenset[str]:
    """Note that the service has erased its part, and give all that have."""
    await tx.execute(CONFIRM, erasure, service.value, now)
    return frozenset(row["service"] for row in await tx.fetch(CONFIRMED, erasure))


async def complete(tx: Tx, erasure: UUID, now: datetime) -> None:
    """Every service has confirmed."""
    await tx.execute(COMPLETE, erasure, now)


async def blank_erased(tx: Tx) -> None:
    """Take away who erased patients were, where an older backup brought it back."""
    await tx.execute(BLANK_ERASED)
    await tx.execute(END_ERASED_GRANTS)


async def completed(tx: Tx) -> list[UUID]:
    """The patients whom every service has erased."""
    return [row["patient"] for row in await tx.fetch(COMPLETED)]


async def blank(tx: Tx, patient: UUID) -> None:
    """Take away who the patient was; their row stays, for what names it."""
    await tx.execute(BLANK, patient)
    await tx.execute(END_GRANTS, patient)
    await tx.execute(FORGET_LOADED, patient)
