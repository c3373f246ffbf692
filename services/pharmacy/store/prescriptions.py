"""Prescriptions and their routings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import RouteReason
from services.pharmacy.model.states import Prescription, Routing
from shared.requests.pharmacy import FillStatus, PrescriptionStatus

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

ADD = """
INSERT INTO prescription (id, patient, prescriber, visit, status, refills_left, generation, signed_at, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

OWNERS = "SELECT patient, prescriber FROM prescription WHERE id = $1"

HAS_SIGNED = "SELECT EXISTS (SELECT 1 FROM prescription WHERE patient = $1 AND prescriber = $2)"

OWNERS_OF_ROUTING = """
SELECT p.id, p.patient FROM routing r JOIN prescription p ON p.id = r.prescription WHERE r.id = $1 AND r.pharmacy = $2
"""

LOCK = "SELECT id FROM prescription WHERE id = $1 FOR NO KEY UPDATE"

STANDING = """
SELECT p.id, p.patient, p.prescriber, p.status, p.refills_left, p.generation, p.signed_at, p.sealed,
       r.id AS routing, r.generation AS routed, r.pharmacy, r.reason, r.status AS fill
  FROM prescription p JOIN routing r ON r.prescription = p.id AND r.generation = p.generation
 WHERE p.id = $1
"""

ROUTED_FROM = "SELECT prescription FROM routing WHERE id = $1"

LIST = """
SELECT p.id, p.patient, p.prescriber, p.status, p.refills_left, p.generation, p.signed_at, p.sealed,
       r.id AS routing, r.generation AS routed, r.pharmacy, r.reason, r.status AS fill
  FROM prescription p JOIN routing r ON r.prescription = p.id AND r.generation = p.generation
 WHERE p.patient = $1 AND ($2::uuid IS NULL OR p.prescriber = $2)
 ORDER BY p.signed_at DESC LIMIT 200
"""

SET_STATUS = "UPDATE prescription SET status = $2 WHERE id = $1"

SET_REFILLS = "UPDATE prescription SET refills_left = $2, status = $3 WHERE id = $1"

ADD_ROUTING = """
WITH advanced AS (UPDATE prescription SET generation = $3 WHERE id = $2)
INSERT INTO routing (id, prescription, generation, pharmacy, reason, status, made_at, changed_at)
VALUES ($1, $2, $3, $4, $5, 'sent', $6, $6)
"""

SET_FILL = "UPDATE routing SET status = $2, changed_at = $3 WHERE id = $1"

TRIED = """
SELECT pharmacy FROM routing
 WHERE prescription = $1
   AND generation >= (SELECT max(generation) FROM routing WHERE prescription = $1 AND reason <> 'moved')
"""


@dataclass(frozen=True)
class Standing:
    """A prescription with its last routing."""

    prescription: Prescription
    routing: Routing


def _standing(row: asyncpg.Record | None) -> Standing:
    assert row is not None, "every prescription has a routing"
    prescription = Prescription(
        id=row["id"],
        patient=row["patient"],
        prescriber=row["prescriber"],
        status=PrescriptionStatus(row["status"]),
        refills_left=row["refills_left"],
        generation=row["generation"],
        signed_at=row["signed_at"],
        sealed=row["sealed"],
    )
    routing = Routing(
        id=row["routing"],
        prescription=row["id"],
        generation=row["routed"],
        pharmacy=row["pharmacy"],
        reason=RouteReason(row["reason"]),
        status=FillStatus(row["fill"]),
    )
    return Standing(prescription, routing)


async def add(tx: Tx, prescription: Prescription, visit: UUID | None) -> None:
    """Keep a signed prescription; its first routing follows in the same transaction."""
    await tx.execute(
        ADD,
        prescription.id,
        prescription.patient,
        prescription.prescriber,
        visit,
        prescription.status,
        prescription.refills_left,
        prescription.generation,
        prescription.signed_at,
        prescription.sealed,
    )


async def owners(tx: Tx, prescription: UUID) -> tuple[UUID, UUID] | None:
    """Whose it is: the patient and the prescriber, who never change."""
    row = await tx.fetchrow(OWNERS, prescription)
    return (row["patient"], row["prescriber"]) if row else None


async def has_signed(tx: Tx, patient: UUID, prescriber: UUID) -> bool:
    """Whether this prescriber has signed anything for the patient."""
    signed: bool = await tx.fetchval(HAS_SIGNED, patient, prescriber)
    return signed


async def owners_of_routing(tx: Tx, routing: UUID, pharmacy: UUID) -> tuple[UUID, UUID] | None:
    """The prescription and the patient behind a routing to this pharmacy."""
    row = await tx.fetchrow(OWNERS_OF_ROUTING, routing, pharmacy)
    return (row["id"], row["patient"]) if row else None


async def lock(tx: Tx, prescription: UUID) -> Standing | None:
    """The prescription with its last routing, locked until the transaction ends.

    Looked at after the lock: a join that waits for one would see the routing of before.
    """
    if await tx.fetchval(LOCK, prescription) is None:
        return None
    return _standing(await tx.fetchrow(STANDING, prescription))


async def prescription_of(tx: Tx, routing: UUID) -> UUID | None:
    """The prescription that was sent."""
    found: UUID | None = await tx.fetchval(ROUTED_FROM, routing)
    return found


async def of_patient(tx: Tx, patient: UUID, prescriber: UUID | None = None) -> list[Standing]:
    """The patient's prescriptions, newest first; only one prescriber's, if one is given."""
    return [_standing(row) for row in await tx.fetch(LIST, patient, prescriber)]


async def set_status(tx: Tx, prescription: UUID, status: PrescriptionStatus) -> None:
    """Change where the prescription stands."""
    await tx.execute(SET_STATUS, prescription, status)


async def set_refills(tx: Tx, prescription: UUID, refills_left: int, status: PrescriptionStatus) -> None:
    """Take a refill, or give one back."""
    await tx.execute(SET_REFILLS, prescription, refills_left, status)


async def add_routing(tx: Tx, routing: Routing, now: datetime) -> None:
    """The prescription's next routing."""
    await tx.execute(
        ADD_ROUTING, routing.id, routing.prescription, routing.generation, routing.pharmacy, routing.reason, now
    )


async def set_fill(tx: Tx, routing: UUID, status: FillStatus, now: datetime) -> None:
    """Change where the routing stands."""
    await tx.execute(SET_FILL, routing, status, now)


async def tried(tx: Tx, prescription: UUID) -> set[UUID]:
    """The pharmacies this fill has been sent to."""
    return {row["pharmacy"] for row in await tx.fetch(TRIED, prescription)}
