"""Orders to the lab teams."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.visits.model.visit import OrderRow
from shared.requests.visits import OrderStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

    from shared.database import Tx

COLUMNS = """
id, visit, patient, office, clinician, status, details, placed_at, due, accepted_by, settled_by, settled_at, outcome
"""

ADD = """
INSERT INTO visit_order (id, visit, patient, office, clinician, status, details, placed_at, due)
VALUES ($1, $2, $3, $4, $5, 'requested', $6, $7, $8)
"""

ONE = f"SELECT {COLUMNS} FROM visit_order WHERE id = $1"  # noqa: S608 - the columns are above

LOCK = f"{ONE} FOR UPDATE"

OPEN = f"""
SELECT {COLUMNS}
  FROM visit_order
 WHERE office = ANY ($1::uuid[]) AND status IN ('requested', 'accepted')
 ORDER BY due, id
 LIMIT $2
"""  # noqa: S608 - likewise

OF_VISITS = f"""
SELECT {COLUMNS}
  FROM visit_order
 WHERE visit = ANY ($1::uuid[])
 ORDER BY placed_at, id
"""  # noqa: S608 - likewise

COMPLETED = f"""
SELECT {COLUMNS}
  FROM visit_order
 WHERE patient = $1 AND status = 'completed'
 ORDER BY settled_at
"""  # noqa: S608 - likewise

ACCEPT = "UPDATE visit_order SET status = 'accepted', accepted_by = $2 WHERE id = $1"

SETTLE = "UPDATE visit_order SET status = $2, settled_by = $3, settled_at = $4, outcome = $5 WHERE id = $1"


async def add(tx: Tx, order: OrderRow) -> None:
    """Put the order on its lab team's list."""
    await tx.execute(
        ADD,
        order.id,
        order.visit,
        order.patient,
        order.office,
        order.clinician,
        order.details,
        order.placed_at,
        order.due,
    )


async def one(tx: Tx, order: UUID) -> OrderRow | None:
    """The order."""
    row = await tx.fetchrow(ONE, order)
    return _order(row) if row else None


async def lock(tx: Tx, order: UUID) -> OrderRow | None:
    """The order, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, order)
    return _order(row) if row else None


async def open_at(tx: Tx, offices: Sequence[UUID], most: int) -> list[OrderRow]:
    """The open orders of these offices, most urgent first."""
    return [_order(row) for row in await tx.fetch(OPEN, offices, most)]


async def of_visits(tx: Tx, visits: Sequence[UUID]) -> list[OrderRow]:
    """The orders placed in these visits, in order of time."""
    return [_order(row) for row in await tx.fetch(OF_VISITS, visits)]


async def completed(tx: Tx, patient: UUID) -> list[OrderRow]:
    """What was ever done for the patient, earliest first."""
    return [_order(row) for row in await tx.fetch(COMPLETED, patient)]


async def accept(tx: Tx, order: UUID, person: UUID) -> None:
    """Note who does it."""
    await tx.execute(ACCEPT, order, person)


async def settle(
    tx: Tx, order: UUID, status: OrderStatus, by: UUID, now: datetime, outcome: bytes | None = None
) -> None:
    """Note how it ended."""
    await tx.execute(SETTLE, order, status, by, now, outcome)


def _order(row: asyncpg.Record) -> OrderRow:
    return OrderRow(
        id=row["id"],
        visit=row["visit"],
        patient=row["patient"],
        office=row["office"],
        clinician=row["clinician"],
        status=OrderStatus(row["status"]),
        details=row["details"],
        placed_at=row["placed_at"],
        due=row["due"],
        accepted_by=row["accepted_by"],
        settled_by=row["settled_by"],
        settled_at=row["settled_at"],
        outcome=row["outcome"],
    )
