"""Visits, and what was heard of their appointments."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import VisitKind
from services.visits.model.visit import VisitRow
from shared.requests.visits import VisitStatus

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from shared.database import Tx
    from shared.requests.booking import AppointmentFacts

COLUMNS = """
id, appointment, patient, clinician, office, kind, start_at, end_at, time_zone, status, guidance, summary,
checked_in_at, started_at, ended_at, follow_up_called_for, follow_up_due, follow_up_declined_at, state
"""

LOCK_APPOINTMENT = """
INSERT INTO appointment (id) VALUES ($1)
ON CONFLICT ON CONSTRAINT appointment_pkey DO UPDATE SET id = excluded.id
RETURNING sequence, cancelled_at
"""

HEARD = "SELECT sequence FROM appointment WHERE id = $1"

HEAR = "UPDATE appointment SET sequence = greatest(sequence, $2) WHERE id = $1"

CANCEL_APPOINTMENT = "UPDATE appointment SET cancelled_at = coalesce(cancelled_at, $2) WHERE id = $1"

ADD = """
INSERT INTO visit (id, appointment, patient, clinician, office, kind, start_at, end_at, time_zone, status, guidance,
                   follow_up_called_for)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'planned', $10, $11)
"""

OF_APPOINTMENT = f"SELECT {COLUMNS} FROM visit WHERE appointment = $1"  # noqa: S608 - the columns are above

LOCK_OF_APPOINTMENT = f"{OF_APPOINTMENT} FOR UPDATE"

ONE = f"SELECT {COLUMNS} FROM visit WHERE id = $1"  # noqa: S608 - likewise

LOCK = f"{ONE} FOR UPDATE"

OF_PATIENT = f"""
SELECT {COLUMNS}
  FROM visit
 WHERE patient = $1 AND status <> 'cancelled'
 ORDER BY start_at DESC, id
 LIMIT $2
"""  # noqa: S608 - likewise

LAST_ENDED = "SELECT max(ended_at) FROM visit WHERE patient = $1 AND status = 'finished'"

MOVE = """
UPDATE visit
   SET clinician = $2, office = $3, start_at = $4, end_at = $5, time_zone = $6, kind = $7, status = 'planned',
       checked_in_at = NULL, state = NULL
 WHERE id = $1
"""

CANCEL = "UPDATE visit SET status = 'cancelled' WHERE id = $1"

CHECK_IN = "UPDATE visit SET status = 'arrived', checked_in_at = $2 WHERE id = $1"

SAY_WHERE = "UPDATE visit SET state = $2 WHERE id = $1"

LEAVE = "UPDATE visit SET status = 'planned', checked_in_at = NULL, state = NULL WHERE id = $1"

START = "UPDATE visit SET status = 'in-progress', started_at = $2 WHERE id = $1"

END = "UPDATE visit SET status = 'finished', ended_at = $2, follow_up_due = $3 WHERE id = $1"

SUMMARISE = "UPDATE visit SET summary = $2, summarised_at = $3 WHERE id = $1"

DECLINE_FOLLOW_UP = "UPDATE visit SET follow_up_declined_at = $2 WHERE id = $1"


async def lock_appointment(tx: Tx, appointment: UUID) -> tuple[int, bool]:
    """The latest move heard of and whether it was cancelled; nobody else makes or moves its visit meanwhile."""
    row = await tx.fetchrow(LOCK_APPOINTMENT, appointment)
    assert row is not None, "the statement always gives the row"
    return row["sequence"], row["cancelled_at"] is not None


async def heard(tx: Tx, appointment: UUID) -> int:
    """The latest move heard of; 0 when none was."""
    sequence: int | None = await tx.fetchval(HEARD, appointment)
    return sequence or 0


async def hear(tx: Tx, appointment: UUID, sequence: int) -> None:
    """Remember that the appointment's event with this sequence was taken in."""
    await tx.execute(HEAR, appointment, sequence)


async def cancel_appointment(tx: Tx, appointment: UUID, at: datetime) -> None:
    """Remember that the appointment was given back, also before its visit exists."""
    await tx.execute(CANCEL_APPOINTMENT, appointment, at)


async def add(
    tx: Tx, visit: UUID, facts: AppointmentFacts, guidance: bytes, *, follow_up_called_for: bool = False
) -> None:
    """Plan the visit."""
    await tx.execute(
        ADD,
        visit,
        facts.appointment,
        facts.patient,
        facts.clinician,
        facts.office,
        facts.kind,
        facts.start,
        facts.end,
        facts.time_zone,
        guidance,
        follow_up_called_for,
    )


async def of_appointment(tx: Tx, appointment: UUID) -> VisitRow | None:
    """The visit of an appointment."""
    return _visit(await tx.fetchrow(OF_APPOINTMENT, appointment))


async def lock_of_appointment(tx: Tx, appointment: UUID) -> VisitRow | None:
    """The visit of an appointment, locked until the transaction ends."""
    return _visit(await tx.fetchrow(LOCK_OF_APPOINTMENT, appointment))


async def one(tx: Tx, visit: UUID) -> VisitRow | None:
    """The visit."""
    return _visit(await tx.fetchrow(ONE, visit))


async def lock(tx: Tx, visit: UUID) -> VisitRow | None:
    """The visit, locked until the transaction ends."""
    return _visit(await tx.fetchrow(LOCK, visit))


async def of_patient(tx: Tx, patient: UUID, most: int) -> list[VisitRow]:
    """The patient's visits, newest first, without those that were given back."""
    return [visit for row in await tx.fetch(OF_PATIENT, patient, most) if (visit := _visit(row))]


async def last_ended(tx: Tx, patient: UUID) -> datetime | None:
    """When the patient's last visit ended."""
    moment: datetime | None = await tx.fetchval(LAST_ENDED, patient)
    return moment


async def move(
    tx: Tx,
    visit: UUID,
    *,
    clinician: UUID,
    office: UUID,
    start: datetime,
    end: datetime,
    time_zone: str,
    kind: VisitKind,
) -> None:
    """Plan the visit for another time; nobody is checked in any more."""
    await tx.execute(MOVE, visit, clinician, office, start, end, time_zone, kind.value)


async def cancel(tx: Tx, visit: UUID) -> None:
    """The visit does not take place."""
    await tx.execute(CANCEL, visit)


async def check_in(tx: Tx, visit: UUID, now: datetime) -> None:
    """The patient is here."""
    await tx.execute(CHECK_IN, visit, now)


async def say_where(tx: Tx, visit: UUID, state: str) -> None:
    """The patient is in this state now."""
    await tx.execute(SAY_WHERE, visit, state)


async def leave(tx: Tx, visit: UUID) -> None:
    """The patient is here no longer."""
    await tx.execute(LEAVE, visit)


async def start(tx: Tx, visit: UUID, now: datetime) -> None:
    """The clinician is with the patient."""
    await tx.execute(START, visit, now)


async def end(tx: Tx, visit: UUID, now: datetime, follow_up_due: datetime | None) -> None:
    """The visit is over."""
    await tx.execute(END, visit, now, follow_up_due)


async def summarise(tx: Tx, visit: UUID, summary: bytes, now: datetime) -> None:
    """The summary is there to read."""
    await tx.execute(SUMMARISE, visit, summary, now)


async def decline_follow_up(tx: Tx, visit: UUID, now: datetime) -> None:
    """The patient does not want the follow-up."""
    await tx.execute(DECLINE_FOLLOW_UP, visit, now)


def _visit(row: asyncpg.Record | None) -> VisitRow | None:
    if row is None:
        return None
    return VisitRow(
        id=row["id"],
        appointment=row["appointment"],
        patient=row["patient"],
        clinician=row["clinician"],
        office=row["office"],
        kind=VisitKind(row["kind"]),
        start=row["start_at"],
        end=row["end_at"],
        time_zone=row["time_zone"],
        status=VisitStatus(row["status"]),
        guidance=row["guidance"],
        summary=row["summary"],
        checked_in_at=row["checked_in_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        follow_up_called_for=row["follow_up_called_for"],
        follow_up_due=row["follow_up_due"],
        follow_up_declined_at=row["follow_up_declined_at"],
        state=row["state"],
    )
