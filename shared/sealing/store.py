"""Wrapped keys where they are kept: patient keys in the keystore, group keys beside the data they open."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from shared.database import reaching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    from shared.database import Database, Tx
    from shared.sealing.keyring import Wrapped

GROUP = """
SELECT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = $1) AS erased,
       k.id, k.generation, k.wrapped,
       k.made_at <= now() - make_interval(secs => $3) AS settled
  FROM (VALUES (1)) AS one (row)
  LEFT JOIN group_key k ON k.patient = $1 AND k.grp = $2
 ORDER BY k.generation
"""

ADD_GROUP_KEY = """
INSERT INTO group_key (id, patient, grp, generation, wrapped) VALUES ($1, $2, $3, $4, $5)
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

PATIENT = "SELECT kek, wrapped, erased_at IS NOT NULL AS erased FROM patient_key WHERE patient = $1"

ADD_PATIENT_KEY = """
INSERT INTO patient_key (patient, kek, wrapped) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT patient_key_pkey DO NOTHING
"""

UNDER_OTHER_KEKS = """
SELECT patient, kek, wrapped FROM patient_key
 WHERE kek <> $1 AND patient > $2
 ORDER BY patient LIMIT $3 FOR UPDATE SKIP LOCKED
"""

REWRAP = """
UPDATE patient_key p SET kek = n.kek, wrapped = n.wrapped
  FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (patient, kek, wrapped)
 WHERE p.patient = n.patient
"""

COUNT_UNDER = "SELECT count(*) FROM patient_key WHERE kek = $1"
COUNT_NOT_UNDER = "SELECT count(*) FROM patient_key WHERE kek <> $1"

DESTROY = """
INSERT INTO patient_key (patient, erased_at) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT patient_key_pkey DO UPDATE
   SET kek = NULL, wrapped = NULL, erased_at = EXCLUDED.erased_at WHERE patient_key.erased_at IS NULL
"""

MARK_ERASED = """
INSERT INTO erased_patient (patient, erased_at) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT erased_patient_pkey DO NOTHING
"""

IS_ERASED = "SELECT EXISTS (SELECT 1 FROM erased_patient WHERE patient = $1)"


@dataclass(frozen=True)
class WrappedGroupKey:
    """One generation. `settled`: it is old enough for every process to have it, and may seal."""

    id: UUID
    generation: int
    wrapped: bytes
    settled: bool


@dataclass(frozen=True)
class WrappedPatientKey:
    """A patient key under the KEK named `kek`; None where it has been destroyed."""

    kek: str | None
    wrapped: bytes | None


@asynccontextmanager
async def _connection(db: Database) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
    """For single statements, which need no transaction around them."""
    with reaching():
        async with db.pool.acquire(timeout=5) as connection:
            yield connection


async def group_keys(db: Database, patient: UUID, group: UUID, settle: float) -> tuple[bool, list[WrappedGroupKey]]:
    """Whether the patient is erased, and the group's generations, oldest first. `settle` in seconds."""
    async with _connection(db) as connection:
        rows = await connection.fetch(GROUP, patient, group, settle)
    keys = [WrappedGroupKey(r["id"], r["generation"], r["wrapped"], r["settled"]) for r in rows if r["id"] is not None]
    return rows[0]["erased"], keys


async def add_group_key(db: Database, patient: UUID, group: UUID, key: WrappedGroupKey) -> None:
    """Add the generation unless another process was faster: read again to see whose it is."""
    async with _connection(db) as connection:
        await connection.execute(ADD_GROUP_KEY, key.id, patient, group, key.generation, key.wrapped)


async def has_group_keys(db: Database, patient: UUID) -> bool:
    """Whether anything was ever sealed for the patient."""
    async with _connection(db) as connection:
        found: bool = await connection.fetchval(HAS_GROUP_KEYS, patient)
    return found


async def stale_groups(db: Database, before: datetime, after: tuple[UUID, UUID], limit: int) -> list[tuple[UUID, UUID]]:
    """(patient, group) whose newest generation is older than `before`, in order, from the one after `after`."""
    async with _connection(db) as connection:
        rows = await connection.fetch(STALE_GROUPS, before, *after, limit)
    return [(row["patient"], row["grp"]) for row in rows]


async def patient_key(keystore: Database, patient: UUID) -> WrappedPatientKey | None:
    """The patient's key as it is kept, if there ever was one."""
    async with _connection(keystore) as connection:
        row = await connection.fetchrow(PATIENT, patient)
    return WrappedPatientKey(row["kek"], row["wrapped"]) if row else None


async def add_patient_key(keystore: Database, patient: UUID, kek: str, wrapped: bytes) -> None:
    """Add the key unless another process was faster: read again to see whose it is."""
    async with _connection(keystore) as connection:
        await connection.execute(ADD_PATIENT_KEY, patient, kek, wrapped)


async def lock_under_other_keks(tx: Tx, kek: str, after: UUID, limit: int) -> list[tuple[UUID, str, bytes]]:
    """Keys not yet under `kek`, locked; those that somebody else has locked are left out."""
    rows = await tx.fetch(UNDER_OTHER_KEKS, kek, after, limit)
    return [(row["patient"], row["kek"], row["wrapped"]) for row in rows]


async def rewrap(tx: Tx, keys: Sequence[tuple[UUID, Wrapped]]) -> None:
    """Put the patients' keys under another KEK."""
    await tx.execute(REWRAP, [p for p, _ in keys], [w.kek for _, w in keys], [w.wrapped for _, w in keys])


async def count_under(keystore: Database, kek: str) -> int:
    """How many keys only `kek` opens."""
    async with _connection(keystore) as connection:
        count: int = await connection.fetchval(COUNT_UNDER, kek)
    return count


async def count_not_under(keystore: Database, kek: str) -> int:
    """How many keys are under another KEK than this one."""
    async with _connection(keystore) as connection:
        count: int = await connection.fetchval(COUNT_NOT_UNDER, kek)
    return count


async def destroy_patient_key(keystore: Database, patient: UUID, now: datetime) -> None:
    """Take the key away for ever, and leave the mark that no other is made."""
    async with _connection(keystore) as connection:
        await connection.execute(DESTROY, patient, now)


async def mark_erased(tx: Tx, patient: UUID, now: datetime) -> None:
    """Mark the patient as erased in the service's own database."""
    await tx.execute(MARK_ERASED, patient, now)


async def is_erased(tx: Tx, patient: UUID) -> bool:
    """Whether the patient is marked as erased."""
    erased: bool = await tx.fetchval(IS_ERASED, patient)
    return erased
