"""Appointments that move, are missed, or need another clinician."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.booking.model.refusals import PatientBusy, SlotTaken
from services.booking.store.appointments import free_room
from shared.database import refusing

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.booking.store.appointments import Row
    from shared.database import Tx

ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(place) FROM (
    SELECT DISTINCT hashtextextended('move:' || whose, 0) AS place FROM unnest($1::text[]) AS whose ORDER BY place
) AS places
"""

MOVE = """
UPDATE appointment
   SET clinician = $2, office = $3, kind = $4, start_at = $5, end_at = $6, time_zone = $7, relationship = $8,
       moved_at = $9, moved_by = $10, sequence = sequence + 1, status = 'booked', arrived_at = NULL, left_at = NULL,
       no_show_at = NULL, no_show_settled_at = NULL, licence_lapsed_at = NULL,
       before_minutes = $11, after_minutes = $12, travel_minutes = $13, room = $14, price_cents = $15, state = $16
 WHERE id = $1
"""

MISSED = """
UPDATE appointment SET status = 'noshow', no_show_at = $2, no_show_settled_at = NULL
 WHERE id = $1 AND status = 'booked' AND started_at IS NULL
RETURNING id
"""

SETTLE = """
UPDATE appointment SET no_show_settled_at = $2
 WHERE id = $1 AND no_show_at IS NOT NULL AND no_show_settled_at IS NULL AND status = 'noshow'
RETURNING id
"""

CAME = """
UPDATE appointment SET no_show_settled_at = $2
 WHERE id = $1 AND no_show_at IS NOT NULL AND no_show_settled_at IS NULL AND status IN ('arrived', 'fulfilled')
RETURNING id
"""

TAKEN = {
    "appointment_patient_free": PatientBusy,
    "appointment_clinician_free": SlotTaken,
    "appointment_clinician_on_the_way": SlotTaken,
    "appointment_room_free": SlotTaken,
}


async def move(tx: Tx, row: Row, now: datetime, by: UUID) -> None:
    """Have the appointment at the row's new time, place and clinician; raises SlotTaken or PatientBusy.

    After a refusal the transaction can only be rolled back. Two that move to one time wait here for one another, since
    without that each would wait for the other's row.
    """
    await tx.execute(ONE_AT_A_TIME, [str(one) for one in (row.clinician, row.office, row.patient)])
    room = await free_room(tx, row) if row.takes.rooms is not None else None
    if room is None and row.takes.rooms is not None:
        raise SlotTaken
    with refusing(TAKEN):
        await tx.execute(
            MOVE,
            row.id,
            row.clinician,
            row.office,
            row.kind.value,
            row.start,
            row.end,
            row.time_zone,
            row.relationship,
            now,
            by,
            row.takes.before,
            row.takes.after,
            row.takes.travel,
            room,
            row.price_cents,
            row.state,
        )


async def missed(tx: Tx, appointment: UUID, now: datetime) -> bool:
    """The patient did not come; False unless it was still to begin."""
    return await tx.fetchval(MISSED, appointment, now) is not None


async def settle(tx: Tx, appointment: UUID, now: datetime) -> bool:
    """Nobody needs to get in touch any more; False when nobody had to."""
    return await tx.fetchval(SETTLE, appointment, now) is not None


async def came(tx: Tx, appointment: UUID, now: datetime) -> bool:
    """The patient had come after all; False when nobody thought otherwise."""
    return await tx.fetchval(CAME, appointment, now) is not None
