"""Reading people: staff, clinicians with their licences and hours, patients; adding a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.rules import UnknownPerson
from shared.database import refusing
from shared.requests.directory import ClinicianCard, Hours, PatientCard, StaffName

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx
    from shared.requests.directory import RegisterPatient

CLINICIANS = """
WITH wanted AS (
    SELECT coalesce($2, (SELECT state FROM patient WHERE id = $3)) AS state
), valid AS (
    SELECT l.staff, l.state,
           max(least(l.ended_at, (l.expires + 1)::timestamp AT TIME ZONE s.time_zone)) AS until
      FROM licence l JOIN staff s ON s.id = l.staff
     WHERE ($1::uuid IS NULL OR l.staff = $1)
     GROUP BY l.staff, l.state
    HAVING max(least(l.ended_at, (l.expires + 1)::timestamp AT TIME ZONE s.time_zone)) > $4
)
SELECT s.id, s.name, s.credential, s.specialty, s.video,
       ARRAY(SELECT v.state FROM valid v WHERE v.staff = s.id ORDER BY v.state) AS licensed_in,
       (SELECT v.until FROM valid v WHERE v.staff = s.id AND v.state = w.state) AS licensed_until,
       ARRAY(SELECT (h.office, h.weekday, h.opens, h.closes) FROM hours h WHERE h.staff = s.id
              ORDER BY h.weekday, h.opens, h.office) AS hours
  FROM staff s CROSS JOIN wanted w
 WHERE s.credential IS NOT NULL
   AND ($1::uuid IS NULL OR s.id = $1)
   AND ($2::text IS NULL AND $3::uuid IS NULL
        OR w.state = ANY($5::text[]) AND EXISTS (SELECT 1 FROM valid v WHERE v.staff = s.id AND v.state = w.state))
 ORDER BY s.name, s.id
"""

STAFF_NAMES = "SELECT id, name, credential FROM staff WHERE id = ANY($1::uuid[]) ORDER BY name, id"

STAFF = "SELECT name, time_zone FROM staff WHERE id = $1"

PATIENT = """
SELECT id, name, birth_date, state, time_zone, own_clinician, latitude, longitude FROM patient WHERE id = $1
"""

IS_PATIENT = "SELECT EXISTS (SELECT 1 FROM patient WHERE id = $1)"

PROXY = "SELECT EXISTS (SELECT 1 FROM proxy WHERE patient = $1 AND proxy = $2 AND (ended_at IS NULL OR ended_at > $3))"

PRESCRIBER = """
SELECT s.prescribes AND s.credential IS NOT NULL AS prescribes,
       EXISTS (
           SELECT 1 FROM licence l JOIN patient p ON p.id = $2 AND p.state = l.state
            WHERE l.staff = s.id AND least(l.ended_at, (l.expires + 1)::timestamp AT TIME ZONE s.time_zone) > $3
       ) AS licensed
  FROM staff s WHERE s.id = $1
"""

ADD_PATIENT = """
INSERT INTO patient (id, name, birth_date, state, time_zone, latitude, longitude, own_clinician)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


def _clinician(row: asyncpg.Record) -> ClinicianCard:
    return ClinicianCard(
        clinician=row["id"],
        name=row["name"],
        credential=row["credential"],
        specialty=row["specialty"] or "",
        licensed_in=row["licensed_in"],
        hours=[
            Hours(office=office, weekday=day, opens=opens, closes=closes) for office, day, opens, closes in row["hours"]
        ],
        video=row["video"],
        licensed_until=row["licensed_until"],
    )


async def clinicians(
    tx: Tx,
    *,
    at: datetime,
    states: Collection[str] = (),
    state: str | None = None,
    patient: UUID | None = None,
    clinician: UUID | None = None,
) -> list[ClinicianCard]:
    """Those licensed at that time in the state, or in the patient's, where it is one of `states`; or all, by name.

    A licence counts to the end of its last day.
    """
    rows = await tx.fetch(CLINICIANS, clinician, state, patient, at, list(states))
    return [_clinician(row) for row in rows]


async def staff_names(tx: Tx, ids: Sequence[UUID]) -> list[StaffName]:
    """The members of staff among the ids."""
    rows = await tx.fetch(STAFF_NAMES, ids)
    return [StaffName(person=row["id"], name=row["name"], credential=row["credential"]) for row in rows]


async def staff_member(tx: Tx, person: UUID) -> asyncpg.Record | None:
    """Name and time zone, if the person is staff."""
    return await tx.fetchrow(STAFF, person)


async def patient_card(tx: Tx, patient: UUID) -> PatientCard | None:
    """The patient, if there is one by this id."""
    row = await tx.fetchrow(PATIENT, patient)
    if row is None:
        return None
    return PatientCard(
        patient=row["id"],
        name=row["name"],
        birth_date=row["birth_date"],
        state=row["state"],
        time_zone=row["time_zone"],
        own_clinician=row["own_clinician"],
        latitude=row["latitude"],
        longitude=row["longitude"],
    )


async def is_patient(tx: Tx, person: UUID) -> bool:
    """Whether there is such a patient."""
    return bool(await tx.fetchval(IS_PATIENT, person))


async def is_proxy(tx: Tx, patient: UUID, person: UUID, now: datetime) -> bool:
    """Whether the person holds a proxy grant for the patient."""
    return bool(await tx.fetchval(PROXY, patient, person, now))


async def prescriber(tx: Tx, clinician: UUID, patient: UUID, at: datetime) -> tuple[bool, bool]:
    """Whether the clinician's credential prescribes, and whether they are licensed in the patient's state."""
    row = await tx.fetchrow(PRESCRIBER, clinician, patient, at)
    return (row["prescribes"], row["licensed"]) if row else (False, False)


async def add_patient(tx: Tx, patient: UUID, asked: RegisterPatient) -> None:
    """A new patient; raises UnknownPerson when the own clinician is none of ours."""
    with refusing({"patient_own_clinician_fkey": UnknownPerson}):
        await tx.execute(
            ADD_PATIENT,
            patient,
            asked.name,
            asked.birth_date,
            asked.state,
            asked.time_zone,
            asked.latitude,
            asked.longitude,
            asked.own_clinician,
        )
