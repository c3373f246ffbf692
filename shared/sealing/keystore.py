"""The keystore: patients' wrapped keys and groups' shares, in a database of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from shared.sealing.statements import alone
from shared.sealing.wrapping import Wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.database import Database

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

ERASED_PATIENTS = "SELECT patient FROM patient_key WHERE erased_at IS NOT NULL"

ERASED_GROUPS = "SELECT grp FROM group_share WHERE erased_at IS NOT NULL"


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


async def patient_key(keystore: Database, patient: UUID) -> PatientKey | None:
    """The patient's key as it is kept, if there ever was one."""
    async with alone(keystore) as connection:
        row = await connection.fetchrow(PATIENT, patient)
    if row is None:
        return None
    return PatientKey(None if row["wrapped"] is None else Wrapped(row["kek"], row["wrapped"]))


async def kept_for_group(keystore: Database, patient: UUID, group: UUID) -> KeptForGroup:
    """The patient's key and the group's share, in one look."""
    async with alone(keystore) as connection:
        row = await connection.fetchrow(KEPT_FOR_GROUP, patient, group)
    assert row is not None
    place = PatientKey(None if row["wrapped"] is None else Wrapped(row["kek"], row["wrapped"]))
    return KeptForGroup(place if row["known"] else None, row["share"], row["erased"])


async def add_share(keystore: Database, patient: UUID, group: UUID, share: bytes) -> None:
    """Add the share unless another process was faster: read again to see whose it is."""
    async with alone(keystore) as connection:
        await connection.execute(ADD_SHARE, patient, group, share)


async def destroy_share(keystore: Database, patient: UUID, group: UUID, now: datetime) -> None:
    """Take the share away for ever, and leave the mark that no other is made."""
    async with alone(keystore) as connection:
        await connection.execute(DESTROY_SHARE, patient, group, now)


async def add_patient_key(keystore: Database, patient: UUID, key: Wrapped) -> None:
    """Add the key unless another process was faster: read again to see whose it is."""
    async with alone(keystore) as connection:
        await connection.execute(ADD_PATIENT_KEY, patient, key.kek, key.wrapped)


async def under_other_keks(keystore: Database, kek: str, after: UUID, limit: int) -> list[tuple[UUID, Wrapped]]:
    """Keys not under `kek`, by patient, from the one after `after`."""
    async with alone(keystore) as connection:
        rows = await connection.fetch(UNDER_OTHER_KEKS, kek, after, limit)
    return [(row["patient"], Wrapped(row["kek"], row["wrapped"])) for row in rows]


async def rewrap(keystore: Database, keys: Sequence[tuple[UUID, Wrapped, Wrapped]]) -> int:
    """Put (patient, old, new) keys in place, leave out those that changed meanwhile, and give how many moved."""
    async with alone(keystore) as connection:
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
    async with alone(keystore) as connection:
        count: int = await connection.fetchval(COUNT_UNDER, kek)
    return count


async def keks_in_use(keystore: Database) -> list[str]:
    """The KEKs that keys are under."""
    async with alone(keystore) as connection:
        return [row["kek"] for row in await connection.fetch(IN_USE)]


async def count_not_under(keystore: Database, kek: str) -> int:
    """How many keys are under another KEK than this one."""
    async with alone(keystore) as connection:
        count: int = await connection.fetchval(COUNT_NOT_UNDER, kek)
    return count


async def destroy_patient_key(keystore: Database, patient: UUID, now: datetime) -> None:
    """Take the key away for ever, and leave the mark that no other is made."""
    async with alone(keystore) as connection:
        await connection.execute(DESTROY, patient, now)
        await connection.execute(DESTROY_SHARES, patient)


async def erased_patients(keystore: Database) -> list[UUID]:
    """The patients whose keys have been destroyed."""
    async with alone(keystore) as connection:
        return [row["patient"] for row in await connection.fetch(ERASED_PATIENTS)]


async def erased_groups(keystore: Database) -> list[UUID]:
    """The groups whose shares have been destroyed."""
    async with alone(keystore) as connection:
        return [row["grp"] for row in await connection.fetch(ERASED_GROUPS)]
