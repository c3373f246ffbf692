"""Wrapped keys where they are kept: patient keys in the keystore, group keys beside the data they open."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from shared.database import reaching
from shared.sealing.wrapping import Wrapped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

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

PATIENT = "SELECT kek, wrapped FROM patient_key WHERE patient = $1"

KEPT_FOR_GROUP = """
SELECT p.patient IS NOT NULL AS known, p.kek, p.wrapped, s.share, s.erased_at IS NOT NULL AS erased
  FROM (VALUES (1)) AS one (row)
  LEFT JOIN patient_key p ON p.patient = $1
  LEFT JOIN group_share s ON s.patient = $1 AND s.grp = $2
"""

ADD_SHARE = """
INSERT INTO group_share (patient, grp, share) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT group_share_pkey DO NOTHING
"""

DESTROY_SHARE = """
INSERT INTO group_share (patient, grp, erased_at) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT group_share_pkey DO UPDATE
   SET share = NULL, erased_at = excluded.erased_at WHERE group_share.erased_at IS NULL
"""

DESTROY_SHARES = "DELETE FROM group_share WHERE patient = $1"

ADD_PATIENT_KEY = """
INSERT INTO patient_key (patient, kek, wrapped) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT patient_key_pkey DO NOTHING
"""

UNDER_OTHER_KEKS = """
SELECT patient, kek, wrapped FROM patient_key
 WHERE kek <> $1 AND patient > $2
 ORDER BY patient LIMIT $3
"""

REWRAP = """
UPDATE patient_key p SET kek = n.kek, wrapped = n.wrapped
  FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[]) AS n (patient, old, kek, wrapped)
 WHERE p.patient = n.patient AND p.wrapped = n.old
RETURNING p.patient
"""

COUNT_UNDER = "SELECT count(*) FROM patient_key WHERE kek = $1"
IN_USE = "SELECT DISTINCT kek FROM patient_key WHERE kek IS NOT NULL"
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
    """One generation. `settled`: it is old enough for every process to have it, and may seal.

    `with_share`: it is wrapped under the keystore's share of the group too.
    """

    id: UUID
    generation: int
    wrapped: bytes
    settled: bool
    with_share: bool = True


@dataclass(frozen=True)
class PatientKey:
    """A patient's place in the keystore; `wrapped` is None where the key has been destroyed."""

    wrapped: Wrapped | None


@dataclass(frozen=True)
class KeptForGroup:
    """What the keystore has for one group: the patient's place, if any, and the group's share, unless destroyed."""

    patient: PatientKey | None
    share: bytes | None
    erased: bool


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
    keys = [
        WrappedGroupKey(r["id"], r["generation"], r["wrapped"], r["settled"], r["with_share"])
        for r in rows
        if r["id"] is not None
    ]
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


async def patient_key(keystore: Database, patient: UUID) -> PatientKey | None:
    """The patient's key as it is kept, if there ever was one."""
    async with _connection(keystore) as connection:
        row = await connection.fetchrow(PATIENT, patient)
    if row is None:
        return None
    return PatientKey(None if row["wrapped"] is None else Wrapped(row["kek"], row["wrapped"]))


async def kept_for_group(keystore: Database, patient: UUID, group: UUID) -> KeptForGroup:
    """The patient's key and the group's share, in one look."""
    async with _connection(keystore) as connection:
        row = await connection.fetchrow(KEPT_FOR_GROUP, patient, group)
    assert row is not None
    place = PatientKey(None if row["wrapped"] is None else Wrapped(row["kek"], row["wrapped"]))
    return KeptForGroup(place if row["known"] else None, row["share"], row["erased"])


async def add_share(keystore: Database, patient: UUID, group: UUID, share: bytes) -> None:
    """Add the share unless another process was faster: read again to see whose it is."""
    async with _connection(keystore) as connection:
        await connection.execute(ADD_SHARE, patient, group, share)


async def destroy_share(keystore: Database, patient: UUID, group: UUID, now: datetime) -> None:
    """Take the share away for ever, and leave the mark that no other is made."""
    async with _connection(keystore) as connection:
        await connection.execute(DESTROY_SHARE, patient, group, now)


async def without_share(db: Database, after: UUID, limit: int) -> list[tuple[UUID, UUID, WrappedGroupKey]]:
    """(patient, group, generation) that are under the patient key alone, by id, from the one after `after`."""
    async with _connection(db) as connection:
        rows = await connection.fetch(WITHOUT_SHARE, after, limit)
    return [
        (r["patient"], r["grp"], WrappedGroupKey(r["id"], r["generation"], r["wrapped"], True, False)) for r in rows
    ]


async def put_under_share(db: Database, key: UUID, old: bytes, new: bytes) -> None:
    """Put a generation's wrapped key in place, unless it changed meanwhile."""
    async with _connection(db) as connection:
        await connection.execute(PUT_UNDER_SHARE, key, old, new)


async def forget_group(tx: Tx, patient: UUID, group: UUID) -> None:
    """Delete what is left of the group's keys beside the data."""
    await tx.execute(FORGET_GROUP, patient, group)


async def add_patient_key(keystore: Database, patient: UUID, key: Wrapped) -> None:
    """Add the key unless another process was faster: read again to see whose it is."""
    async with _connection(keystore) as connection:
        await connection.execute(ADD_PATIENT_KEY, patient, key.kek, key.wrapped)


async def under_other_keks(keystore: Database, kek: str, after: UUID, limit: int) -> list[tuple[UUID, Wrapped]]:
    """Keys not under `kek`, by patient, from the one after `after`."""
    async with _connection(keystore) as connection:
        rows = await connection.fetch(UNDER_OTHER_KEKS, kek, after, limit)
    return [(row["patient"], Wrapped(row["kek"], row["wrapped"])) for row in rows]


async def rewrap(keystore: Database, keys: Sequence[tuple[UUID, Wrapped, Wrapped]]) -> int:
    """Put (patient, old, new) keys in place, leave out those that changed meanwhile, and give how many moved."""
    async with _connection(keystore) as connection:
        rows = await connection.fetch(
            REWRAP,
            [patient for patient, _, _ in keys],
            [old.wrapped for _, old, _ in keys],
            [new.kek for _, _, new in keys],
            [new.wrapped for _, _, new in keys],
        )
    return len(rows)


async def count_under(keystore: Database, kek: str) -> int:
    """How many keys only `kek` opens."""
    async with _connection(keystore) as connection:
        count: int = await connection.fetchval(COUNT_UNDER, kek)
    return count


async def keks_in_use(keystore: Database) -> list[str]:
    """The KEKs that keys are under."""
    async with _connection(keystore) as connection:
        return [row["kek"] for row in await connection.fetch(IN_USE)]


async def count_not_under(keystore: Database, kek: str) -> int:
    """How many keys are under another KEK than this one."""
    async with _connection(keystore) as connection:
        count: int = await connection.fetchval(COUNT_NOT_UNDER, kek)
    return count


async def destroy_patient_key(keystore: Database, patient: UUID, now: datetime) -> None:
    """Take the key away for ever, and leave the mark that no other is made."""
    async with _connection(keystore) as connection:
        await connection.execute(DESTROY, patient, now)
        await connection.execute(DESTROY_SHARES, patient)


async def mark_erased(tx: Tx, patient: UUID, now: datetime) -> None:
    """Mark the patient as erased in the service's own database."""
    await tx.execute(MARK_ERASED, patient, now)


async def is_erased(tx: Tx, patient: UUID) -> bool:
    """Whether the patient is marked as erased."""
    erased: bool = await tx.fetchval(IS_ERASED, patient)
    return erased
