"""What stands in the way of fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ProblemKind
from services.pharmacy.model.states import Problem

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from baton_events.codes import Resolution
    from shared.database import Tx

RAISE = """
INSERT INTO problem (id, prescription, routing, kind, raised_at, move_at) VALUES ($1, $2, $3, $4, $5, $6)
"""

OPEN = "SELECT id, prescription, routing, kind, move_at FROM problem WHERE prescription = $1 AND resolved_at IS NULL"

RESOLVE = "UPDATE problem SET resolved_at = $2, resolution = $3, move_at = NULL WHERE id = $1 AND resolved_at IS NULL"

LEAVE = "UPDATE problem SET move_at = NULL WHERE id = $1"

TAKE = """
UPDATE problem SET move_at = $2
 WHERE id = (SELECT id FROM problem WHERE move_at <= $1 AND resolved_at IS NULL
              ORDER BY move_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, prescription, routing, kind
"""


def _problem(row: asyncpg.Record) -> Problem:
    return Problem(
        id=row["id"], prescription=row["prescription"], routing=row["routing"], kind=ProblemKind(row["kind"])
    )


async def raise_problem(tx: Tx, problem: Problem, now: datetime, move_at: datetime | None) -> None:
    """Keep a problem; from `move_at` on the practice looks for another pharmacy."""
    await tx.execute(RAISE, problem.id, problem.prescription, problem.routing, problem.kind, now, move_at)


async def open_problem(tx: Tx, prescription: UUID) -> Problem | None:
    """What stands in the prescription's way, if anything does."""
    row = await tx.fetchrow(OPEN, prescription)
    return _problem(row) if row else None


async def resolve(tx: Tx, problem: UUID, resolution: Resolution, now: datetime) -> None:
    """It is out of the way."""
    await tx.execute(RESOLVE, problem, now, resolution)


async def leave_to_person(tx: Tx, problem: UUID) -> None:
    """No other pharmacy is within the limits: whoever owns it settles it."""
    await tx.execute(LEAVE, problem)


async def take_to_move(tx: Tx, now: datetime, again_at: datetime) -> Problem | None:
    """A problem for which another pharmacy is to be looked for; offered again at `again_at` unless settled by then."""
    row = await tx.fetchrow(TAKE, now, again_at)
    return _problem(row) if row else None
