"""Wrapped group keys beside the data they open, and the marks of who is erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from shared.sealing.statements import alone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.database import Database, Tx

GROUP = """
SELECT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = $1) AS erased,
       k.id, k.generation, k.wrapped, k.with_share,
       k.made_at <= now() - make_interval(secs => $3) AS settled
  FROM (VALUES (1)) AS one (row)
  LEFT JOIN group_key k ON k.patient = $1 AND k.grp = $2
 ORDER BY k.generation
"""

ADD_GROUP_KEY = """
INSERT INTO group_key (id, patient, grp, generation, wrapped, with_share) VALUES ($1, $2, $3, $4, $5, true)
ON CONFLICT ON CONSTRAINT group_key_generation_key DO NOTHING
"""

HAS_GROUP_KEYS = "SELECT EXISTS (SELECT 1 FROM group_key WHERE patient = $1)"

STALE_GROUPS = """
SELECT patient, grp FROM group_key k
 WHERE NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = k.patient)
   AND (patient, grp) > ($2, $3)
 GROUP BY patient, grp HAVING max(made_at) < $1
 ORDER BY patient, grp LIMIT $4
"""

WITHOUT_SHARE = """
SELECT patient, grp, id, generation, wrapped FROM group_key k
 WHERE NOT with_share AND NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = k.patient)
   AND id > $1
 ORDER BY id LIMIT $2
"""

PUT_UNDER_SHARE = "UPDATE group_key SET wrapped = $3, with_share = true WHERE id = $1 AND wrapped = $2"

FORGET_GROUP = "DELETE FROM group_key WHERE patient = $1 AND grp = $2"

MARK_ERASED = """
INSERT INTO erased_patient (patient, erased_at) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT erased_patient_pkey DO NOTHING
"""

MARK_ALL_ERASED = """
INSERT INTO erased_patient (patient, erased_at) SELECT patient, $2 FROM unnest($1::uuid[]) AS gone (patient)
ON CONFLICT ON CONSTRAINT erased_patient_pkey DO NOTHING
"""

IS_ERASED = "SELECT EXISTS (SELECT 1 FROM erased_patient WHERE patient = $1)"


@dataclass(frozen=True)
class WrappedGroupKey:
    """One generation. `settled`: it is old enough for every process to have it, and may seal.

    `with_share`: it is wrapped under the keystore's share of the group too.
    """

    id: UUID
    generation: int
    wrapped: bytes
    settled: bool
    with_share: bool = True


async def group_keys(db: Database, patient: UUID, group: UUID, settle: float) -> tuple[bool, list[WrappedGroupKey]]:
    """Whether the patient is erased, and the group's generations, oldest first. `settle` in seconds."""
    async with alone(db) as connection:
        rows = await connection.fetch(GROUP, patient, group, settle)
    keys = [
        WrappedGroupKey(r["id"], r["generation"], r["wrapped"], r["settled"], r["with_share"])
        for r in rows
        if r["id"] is not None
    ]
    return rows[0]["erased"], keys


async def add_group_key(db: Database, patient: UUID, group: UUID, key: WrappedGroupKey) -> None:
    """Add the generation unless another process was faster: read again to see whose it is."""
    async with alone(db) as connection:
        await connection.execute(ADD_GROUP_KEY, key.id, patient, group, key.generation, key.wrapped)


async def has_group_keys(db: Database, patient: UUID) -> bool:
    """Whether anything was ever sealed for the patient."""
    async with alone(db) as connection:
        found: bool = await connection.fetchval(HAS_GROUP_KEYS, patient)
    return found


async def stale_groups(db: Database, before: datetime, after: tuple[UUID, UUID], limit: int) -> list[tuple[UUID, UUID]]:
    """(patient, group) whose newest generation is older than `before`, in order, from the one after `after`."""
    async with alone(db) as connection:
        rows = await connection.fetch(STALE_GROUPS, before, *after, limit)
    return [(row["patient"], row["grp"]) for row in rows]


async def without_share(db: Database, after: UUID, limit: int) -> list[tuple[UUID, UUID, WrappedGroupKey]]:
    """(patient, group, generation) that are under the patient key alone, by id, from the one after `after`."""
    async with alone(db) as connection:
        rows = await connection.fetch(WITHOUT_SHARE, after, limit)
    return [
        (r["patient"], r["grp"], WrappedGroupKey(r["id"], r["generation"], r["wrapped"], True, False)) for r in rows
    ]


async def put_under_share(db: Database, key: UUID, old: bytes, new: bytes) -> None:
    """Put a generation's wrapped key in place, unless it changed meanwhile."""
    async with alone(db) as connection:
        await connection.execute(PUT_UNDER_SHARE, key, old, new)


async def forget_group(tx: Tx, patient: UUID, group: UUID) -> None:
    """Delete what is left of the group's keys beside the data."""
    await tx.execute(FORGET_GROUP, patient, group)


async def mark_erased(tx: Tx, patient: UUID, now: datetime) -> None:
    """Mark the patient as erased in the service's own database."""
    await tx.execute(MARK_ERASED, patient, now)


async def is_erased(tx: Tx, patient: UUID) -> bool:
    """Whether the patient is marked as erased."""
    erased: bool = await tx.fetchval(IS_ERASED, patient)
    return erased


async def mark_all_erased(tx: Tx, patients: Sequence[UUID], now: datetime) -> None:
    """Mark those as erased who are not yet."""
    await tx.execute(MARK_ALL_ERASED, patients, now)
