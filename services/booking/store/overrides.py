"""What staff made of stretches of clinicians' time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import Availability
from services.booking.model.hours import Override, Stretch

if TYPE_CHECKING:
    import asyncpg

    from shared.database import Tx

MOST = 100

COLUMNS = (
    "id, clinician, office, availability, start_at, end_at, author, sealed, made_at, sequence, lifted_at, lifted_by"
)

ADD = """
INSERT INTO availability_override (id, clinician, office, availability, start_at, end_at, author, sealed, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

LIFT = "UPDATE availability_override SET lifted_at = $2, lifted_by = $3 WHERE id = $1"

FIND = f"SELECT {COLUMNS} FROM availability_override WHERE id = $1"  # noqa: S608 - the columns are above

LOCK = f"{FIND} FOR UPDATE"

OF_OFFICE = f"""
SELECT {COLUMNS} FROM availability_override
 WHERE office = $1 AND ($2::uuid IS NULL OR clinician = $2) AND ($3::bigint IS NULL OR sequence < $3)
 ORDER BY sequence DESC LIMIT $4
"""  # noqa: S608 - likewise

OF_CLINICIAN = f"""
SELECT {COLUMNS} FROM availability_override
 WHERE clinician = $1 AND ($2::bigint IS NULL OR sequence < $2)
 ORDER BY sequence DESC LIMIT $3
"""  # noqa: S608 - likewise

IN_FORCE = """
SELECT clinician, office, availability, start_at, end_at FROM availability_override
 WHERE lifted_at IS NULL AND end_at > $1 AND ($2::uuid IS NULL OR clinician = $2) AND ($3::uuid IS NULL OR office = $3)
 ORDER BY sequence
"""

STANDING_IN = """
SELECT count(*) FROM appointment
 WHERE clinician = $1 AND office = $2 AND status IN ('booked', 'arrived')
   AND tstzrange(start_at, end_at) && tstzrange($3, $4)
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An override as it is kept; `author` wrote the sealed reason."""

    id: UUID
    clinician: UUID
    office: UUID
    availability: Availability
    start: datetime
    end: datetime
    author: UUID
    sealed: bytes
    made_at: datetime
    sequence: int = 0
    lifted_at: datetime | None = None
    lifted_by: UUID | None = None


async def add(tx: Tx, row: Row) -> None:
    """Put it on record."""
    values = (row.start, row.end, row.author, row.sealed, row.made_at)
    await tx.execute(ADD, row.id, row.clinician, row.office, row.availability.value, *values)


async def lift(tx: Tx, override: UUID, now: datetime, by: UUID) -> None:
    """It counts no more."""
    await tx.execute(LIFT, override, now, by)


async def find(tx: Tx, override: UUID) -> Row | None:
    """The override, if there is one."""
    row = await tx.fetchrow(FIND, override)
    return _row(row) if row else None


async def lock(tx: Tx, override: UUID) -> Row | None:
    """The override, if there is one, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, override)
    return _row(row) if row else None


async def of_office(tx: Tx, office: UUID, clinician: UUID | None, before: int | None) -> list[Row]:
    """Those at the office, of one clinician or all, the newest first, made before the one with that sequence."""
    return [_row(row) for row in await tx.fetch(OF_OFFICE, office, clinician, before, MOST)]


async def of_clinician(tx: Tx, clinician: UUID, before: int | None) -> list[Row]:
    """The clinician's everywhere, likewise."""
    return [_row(row) for row in await tx.fetch(OF_CLINICIAN, clinician, before, MOST)]


async def in_force(
    tx: Tx, now: datetime, clinician: UUID | None = None, office: UUID | None = None
) -> dict[tuple[UUID, UUID], list[Override]]:
    """What counts from now on, by clinician and office, in order of making."""
    found: dict[tuple[UUID, UUID], list[Override]] = defaultdict(list)
    for row in await tx.fetch(IN_FORCE, now, clinician, office):
        stretch = Stretch(row["start_at"], row["end_at"])
        override = Override(availability=Availability(row["availability"]), stretch=stretch)
        found[row["clinician"], row["office"]].append(override)
    return found


async def standing_in(tx: Tx, row: Row) -> int:
    """How many appointments of the clinician at the office stand in its time."""
    count: int = await tx.fetchval(STANDING_IN, row.clinician, row.office, row.start, row.end)
    return count


def _row(row: asyncpg.Record) -> Row:
    return Row(
        id=row["id"],
        clinician=row["clinician"],
        office=row["office"],
        availability=Availability(row["availability"]),
        start=row["start_at"],
        end=row["end_at"],
        author=row["author"],
        sealed=row["sealed"],
        made_at=row["made_at"],
        sequence=row["sequence"],
        lifted_at=row["lifted_at"],
        lifted_by=row["lifted_by"],
    )
