"""Appointments: taken, read, moved through their states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import VisitKind
from services.booking.model.footprint import NOTHING_BESIDE, Footprint
from shared.requests.booking import AppointmentStatus, ScheduledAppointment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

    from shared.database import Tx

MOST = 200

TAKE = """
INSERT INTO appointment (id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents, quote,
                         relationship, status, author, sealed, booked_by, booked_at,
                         before_minutes, after_minutes, travel_minutes, state, room)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $21, place.room
  FROM (SELECT NULL AS room WHERE $20::text[] IS NULL
        UNION ALL
        (SELECT r.room FROM unnest($20::text[]) WITH ORDINALITY AS r (room, turn)
          WHERE NOT EXISTS (SELECT 1 FROM appointment a
                             WHERE a.office = $4 AND a.room = r.room AND a.status IN ('proposed', 'booked', 'arrived')
                               AND tstzrange(a.start_at, a.end_at) && tstzrange($6, $7))
          ORDER BY r.turn LIMIT 1)) AS place
ON CONFLICT DO NOTHING
RETURNING id
"""

IN_THE_WAY = """
SELECT EXISTS (SELECT 1 FROM appointment a
                WHERE a.clinician = $1 AND a.id <> $9 AND a.status IN ('proposed', 'booked', 'arrived')
                  AND (a.blocked && widened($3, $4, $6, $7)
                       OR $8 > 0 AND a.kind = 'office' AND a.office <> $5
                          AND widened(a.start_at, a.end_at, 0, a.travel_minutes) && widened($3, $4, 0, $8))
              ) AS clinician,
       EXISTS (SELECT 1 FROM appointment a
                WHERE a.patient = $2 AND a.id <> $9 AND a.status IN ('booked', 'arrived')
                  AND tstzrange(a.start_at, a.end_at) && tstzrange($3, $4)) AS patient
"""

TAKEN_ALREADY = "SELECT EXISTS (SELECT 1 FROM appointment WHERE id = $1)"

FREE_ROOM = """
SELECT r.room FROM unnest($1::text[]) WITH ORDINALITY AS r (room, turn)
 WHERE NOT EXISTS (SELECT 1 FROM appointment a
                    WHERE a.office = $2 AND a.room = r.room AND a.id <> $5
                      AND a.status IN ('proposed', 'booked', 'arrived')
                      AND tstzrange(a.start_at, a.end_at) && tstzrange($3, $4))
 ORDER BY r.turn LIMIT 1
"""

FIND = """
SELECT id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents, quote, relationship, status,
       author, sealed, booked_by, booked_at, started_at, sequence, state
  FROM appointment WHERE id = $1 AND status <> 'proposed'
"""

LOCK = f"{FIND} FOR UPDATE"

FIND_PROPOSED = """
SELECT id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents, quote, relationship,
       'booked' AS status, author, sealed, booked_by, booked_at, started_at, sequence, state
  FROM appointment WHERE id = $1 AND status = 'proposed'
"""

WITHDRAW_PROPOSED = "DELETE FROM appointment WHERE id = $1 AND status = 'proposed'"

OF_PATIENT = """
SELECT id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents, quote, relationship, status,
       author, sealed, booked_by, booked_at, started_at, sequence, state
  FROM appointment WHERE patient = $1 AND status <> 'proposed'
 ORDER BY start_at DESC, id LIMIT $2
"""

CANCEL = """
UPDATE appointment SET status = 'cancelled', cancelled_at = $2, cancelled_by = $3, sequence = sequence + 1
 WHERE id = $1
"""

ARRIVED = "UPDATE appointment SET arrived_at = greatest(arrived_at, $2) WHERE id = $1 RETURNING patient"

LEFT = "UPDATE appointment SET left_at = greatest(left_at, $2) WHERE id = $1 RETURNING patient"

STARTED = "UPDATE appointment SET started_at = greatest(started_at, $2) WHERE id = $1 RETURNING patient"

ENDED = """
UPDATE appointment SET ended_at = greatest(ended_at, $2), status = 'fulfilled' WHERE id = $1 RETURNING patient
"""

STANDING = """
UPDATE appointment
   SET status = CASE WHEN started_at IS NOT NULL OR arrived_at > coalesce(left_at, '-infinity') THEN 'arrived'
                     WHEN no_show_at IS NOT NULL THEN 'noshow'
                     ELSE 'booked' END
 WHERE id = $1 AND status IN ('booked', 'arrived', 'noshow')
"""

OF_CLINICIAN_ON = """
SELECT a.id, a.patient, a.clinician, a.office, a.kind, a.start_at, a.end_at, a.status
  FROM appointment a LEFT JOIN unnest($4::uuid[], $5::text[]) AS o (id, zone) ON o.id = a.office
 WHERE a.clinician = $1 AND ($2::uuid IS NULL OR a.office = $2) AND a.status NOT IN ('proposed', 'cancelled')
   AND a.start_at >= $3::date - 1 AND a.start_at < $3::date + 2
   AND (a.start_at AT TIME ZONE coalesce(o.zone, a.time_zone))::date = $3
 ORDER BY a.start_at, a.id
"""

OF_OFFICE_ON = """
SELECT id, patient, clinician, office, kind, start_at, end_at, status FROM appointment
 WHERE office = $1 AND status NOT IN ('proposed', 'cancelled')
   AND start_at >= $2::date - 1 AND start_at < $2::date + 2
   AND (start_at AT TIME ZONE coalesce($3, time_zone))::date = $2
 ORDER BY start_at, id
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An appointment as it is kept; `author` wrote the sealed reason, `sequence` counts its changes.

    `state` is where the patient says they will be by video, where that is not at home.
    """

    id: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    end: datetime
    time_zone: str
    price_cents: int
    quote: UUID | None
    relationship: UUID
    status: AppointmentStatus
    author: UUID
    sealed: bytes
    booked_by: UUID
    booked_at: datetime
    started: bool = False
    sequence: int = 0
    state: str | None = None
    takes: Footprint = NOTHING_BESIDE


def _row(row: asyncpg.Record) -> Row:
    return Row(
        id=row["id"],
        patient=row["patient"],
        clinician=row["clinician"],
        office=row["office"],
        kind=VisitKind(row["kind"]),
        start=row["start_at"],
        end=row["end_at"],
        time_zone=row["time_zone"],
        price_cents=row["price_cents"],
        quote=row["quote"],
        relationship=row["relationship"],
        status=AppointmentStatus(row["status"]),
        author=row["author"],
        sealed=row["sealed"],
        booked_by=row["booked_by"],
        booked_at=row["booked_at"],
        started=row["started_at"] is not None,
        sequence=row["sequence"],
        state=row["state"],
    )


async def take(tx: Tx, row: Row, *, proposed: bool = False) -> bool:
    """Take the time with one of the rooms; False when something stands in the way.

    What is `proposed` is held for the patient and is no appointment yet.

    Two that want the same time wait for each other's outcome and never deadlock: a conflict leaves no row behind.
    Who loses only a room to another takes the next.
    """
    for _ in row.takes.rooms or (None,):
        taken = await tx.fetchval(
            TAKE,
            row.id,
            row.patient,
            row.clinician,
            row.office,
            row.kind.value,
            row.start,
            row.end,
            row.time_zone,
            row.price_cents,
            row.quote,
            row.relationship,
            "proposed" if proposed else row.status.value,
            row.author,
            row.sealed,
            row.booked_by,
            row.booked_at,
            row.takes.before,
            row.takes.after,
            row.takes.travel,
            row.takes.rooms,
            row.state,
        )
        if taken is not None:
            return True
        if any(await _in_the_way(tx, row)) or await tx.fetchval(TAKEN_ALREADY, row.id) or not await free_room(tx, row):
            return False
    return False


async def find_proposed(tx: Tx, appointment: UUID) -> Row | None:
    """What it would be once it is booked."""
    row = await tx.fetchrow(FIND_PROPOSED, appointment)
    return _row(row) if row else None


async def withdraw_proposed(tx: Tx, appointment: UUID) -> None:
    """Hold the time no longer."""
    await tx.execute(WITHDRAW_PROPOSED, appointment)


async def only_the_patient_is_busy(tx: Tx, row: Row) -> bool:
    """Whether the clinician is free at that time and the patient is not."""
    clinician, patient = await _in_the_way(tx, row)
    return patient and not clinician


async def free_room(tx: Tx, row: Row) -> str | None:
    """The first of the rooms that nobody else has at that time."""
    room: str | None = await tx.fetchval(FREE_ROOM, row.takes.rooms, row.office, row.start, row.end, row.id)
    return room


async def _in_the_way(tx: Tx, row: Row) -> tuple[bool, bool]:
    """Whether the clinician, and whether the patient, has something else at that time."""
    takes = row.takes
    found = await tx.fetchrow(
        IN_THE_WAY,
        row.clinician,
        row.patient,
        row.start,
        row.end,
        row.office,
        takes.before,
        takes.after,
        takes.travel,
        row.id,
    )
    assert found is not None
    return found["clinician"], found["patient"]


async def find(tx: Tx, appointment: UUID) -> Row | None:
    """The appointment, if there is one."""
    row = await tx.fetchrow(FIND, appointment)
    return _row(row) if row else None


async def lock(tx: Tx, appointment: UUID) -> Row | None:
    """The appointment, if there is one, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, appointment)
    return _row(row) if row else None


async def of_patient(tx: Tx, patient: UUID) -> list[Row]:
    """The newest of the patient's appointments."""
    return [_row(row) for row in await tx.fetch(OF_PATIENT, patient, MOST)]


async def cancel(tx: Tx, appointment: UUID, now: datetime, by: UUID) -> None:
    """Give the time back."""
    await tx.execute(CANCEL, appointment, now, by)


async def arrived(tx: Tx, appointment: UUID, at: datetime) -> UUID | None:
    """The patient came at that time; gives the patient."""
    return await _noted(tx, ARRIVED, appointment, at)


async def left(tx: Tx, appointment: UUID, at: datetime) -> UUID | None:
    """The patient went again without being seen; gives the patient."""
    return await _noted(tx, LEFT, appointment, at)


async def started(tx: Tx, appointment: UUID, at: datetime) -> UUID | None:
    """The visit has begun; gives the patient."""
    return await _noted(tx, STARTED, appointment, at)


async def ended(tx: Tx, appointment: UUID, at: datetime) -> UUID | None:
    """The visit has taken place, whatever was known before; gives the patient."""
    return await _noted(tx, ENDED, appointment, at)


async def _noted(tx: Tx, statement: str, appointment: UUID, at: datetime) -> UUID | None:
    """Note the time, and have the status follow from all times noted, in whichever order they came."""
    patient: UUID | None = await tx.fetchval(statement, appointment, at)
    await tx.execute(STANDING, appointment)
    return patient


async def of_clinician_on(
    tx: Tx, clinician: UUID, office: UUID | None, day: date, zones: Mapping[UUID, str]
) -> list[ScheduledAppointment]:
    """The clinician's day, at one office or all, by the clock of each office."""
    return _scheduled(await tx.fetch(OF_CLINICIAN_ON, clinician, office, day, list(zones), list(zones.values())))


async def of_office_on(tx: Tx, office: UUID, day: date, zones: Mapping[UUID, str]) -> list[ScheduledAppointment]:
    """The office's day, by its clock."""
    return _scheduled(await tx.fetch(OF_OFFICE_ON, office, day, zones.get(office)))


def _scheduled(rows: list[asyncpg.Record]) -> list[ScheduledAppointment]:
    return [
        ScheduledAppointment(
            appointment=row["id"],
            patient=row["patient"],
            clinician=row["clinician"],
            office=row["office"],
            kind=VisitKind(row["kind"]),
            start=row["start_at"],
            end=row["end_at"],
            status=AppointmentStatus(row["status"]),
        )
        for row in rows
    ]
