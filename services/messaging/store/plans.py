"""Treatment plans: every version stays, the newest may be acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

ADD = "INSERT INTO consult_plan (consult, version, author, sealed, at) VALUES ($1, $2, $3, $4, $5)"

ACKNOWLEDGE = """
UPDATE consult_plan SET acknowledged_by = $3, acknowledged_at = $4
 WHERE consult = $1 AND version = $2 AND acknowledged_at IS NULL
RETURNING version
"""

PAGE = """
SELECT version, author, sealed, at, acknowledged_by, acknowledged_at FROM consult_plan
 WHERE consult = $1 AND version < $2
 ORDER BY version DESC LIMIT $3
"""


async def add(tx: Tx, consult: UUID, version: int, author: UUID, sealed: bytes, now: datetime) -> None:
    """Keep a version."""
    await tx.execute(ADD, consult, version, author, sealed, now)


async def acknowledge(tx: Tx, consult: UUID, version: int, person: UUID, now: datetime) -> bool:
    """Note who has read the version; False when that was noted before."""
    return await tx.fetchval(ACKNOWLEDGE, consult, version, person, now) is not None


async def page(tx: Tx, consult: UUID, before: int, most: int) -> list[asyncpg.Record]:
    """Versions below `before`, newest first."""
    return await tx.fetch(PAGE, consult, before, most)
