"""Remind patients of their visits: the day before and two hours before, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from baton_events.booking import AppointmentReminded
from baton_events.codes import Reminder
from services.booking.model.reminders import comes_too_late, reminders
from services.booking.store import appointments
from shared.deadlines import cancel_deadlines, set_deadlines
from shared.outbox import announce
from shared.requests.booking import AppointmentStatus
from shared.sealing import is_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.app import Ground
    from shared.database import Tx
    from shared.deadlines import Deadline

DEADLINES = {Reminder.DAY_BEFORE: "remind-day-before", Reminder.TWO_HOURS: "remind-two-hours"}
REMINDERS = {kind: reminder for reminder, kind in DEADLINES.items()}


async def remind(tx: Tx, appointment: UUID, start: datetime, time_zone: str, now: datetime) -> None:
    """Have the patient reminded of the visit; what would have been said before now is not said any more."""
    due = reminders(start, ZoneInfo(time_zone))
    await set_deadlines(tx, appointment, {DEADLINES[reminder]: at for reminder, at in due.items() if at > now})


async def remind_again(tx: Tx, appointment: UUID, start: datetime, time_zone: str, now: datetime) -> None:
    """Have them reminded of the visit at its new time, and no more of the one before."""
    await withdraw_reminders(tx, appointment, now)
    await remind(tx, appointment, start, time_zone, now)


async def withdraw_reminders(tx: Tx, appointment: UUID, now: datetime) -> None:
    """Nobody is reminded of it any more."""
    for kind in REMINDERS:
        await cancel_deadlines(tx, kind, appointment, now)


async def reminded(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """Remind the patient, unless the visit is not to come any more, or at another time, or it is too late for that."""
    reminder, now = REMINDERS[deadline.kind], ground.clock()
    row = await appointments.lock(tx, deadline.entity)
    if row is None or row.status is not AppointmentStatus.BOOKED or row.started:
        return
    if reminders(row.start, ZoneInfo(row.time_zone))[reminder] != deadline.due_at:
        return
    if comes_too_late(reminder, row.start, now) or await is_erased(tx, row.patient):
        return
    event = AppointmentReminded(appointment=row.id, patient=row.patient, reminder=reminder, start=row.start)
    await announce(tx, event, now)
