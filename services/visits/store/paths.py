"""What was ticked of a visit's checklist, and how patients say their visits went."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.database import Tx

TICK = """
INSERT INTO tick (visit, item, ticked_by, ticked_at) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT tick_pkey DO NOTHING
"""

UNTICK = "DELETE FROM tick WHERE visit = $1 AND item = $2"

UNTICK_FROM = "DELETE FROM tick WHERE visit = $1 AND item >= $2"

TICKED = "SELECT visit, item FROM tick WHERE visit = ANY($1::uuid[])"

GIVE = """
INSERT INTO opinion (visit, author, sealed, given_at) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT opinion_pkey DO NOTHING RETURNING visit
"""

OPINIONS = "SELECT visit, author, sealed FROM opinion WHERE visit = ANY($1::uuid[])"


@dataclass(frozen=True)
class Around:
    """What surrounds one visit; `opinion` is its author and the sealed words."""

    ticked: frozenset[int] = frozenset()
    opinion: tuple[UUID, bytes] | None = None


async def tick(tx: Tx, visit: UUID, item: int, by: UUID, now: datetime) -> None:
    """The item is done."""
    await tx.execute(TICK, visit, item, by, now)


async def untick(tx: Tx, visit: UUID, item: int) -> None:
    """The item is not done."""
    await tx.execute(UNTICK, visit, item)


async def untick_from(tx: Tx, visit: UUID, item: int) -> None:
    """Neither that item nor any after it is done."""
    await tx.execute(UNTICK_FROM, visit, item)


async def give_opinion(tx: Tx, visit: UUID, author: UUID, sealed: bytes, now: datetime) -> bool:
    """Keep how it went; False when that was said before."""
    return await tx.fetchval(GIVE, visit, author, sealed, now) is not None


async def around(tx: Tx, visits: Sequence[UUID]) -> dict[UUID, Around]:
    """What surrounds each of the visits."""
    ticked: dict[UUID, set[int]] = defaultdict(set)
    for row in await tx.fetch(TICKED, visits):
        ticked[row["visit"]].add(row["item"])
    opinions = {row["visit"]: (row["author"], row["sealed"]) for row in await tx.fetch(OPINIONS, visits)}
    return {visit: Around(frozenset(ticked[visit]), opinions.get(visit)) for visit in visits}
