"""Visits that patients do not come to: found at their end, somebody's to see to, settled."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from baton_events.booking import AppointmentNoShow, NoShowSettled
from services.booking.model.moves import NotMissed, contact_due, missed_at, opening_days
from services.booking.model.refusals import NoSuchAppointment
from services.booking.operations.access import at_front_desk
from services.booking.store import appointments, moves
from shared import audit, idempotency
from shared.deadlines import cancel_deadlines, set_deadline
from shared.errors import NotFound
from shared.identity import access
from shared.identity.people import Role
from shared.outbox import announce
from shared.requests.booking import AppointmentState, AppointmentStatus
from shared.sealing import is_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.appointments import Row
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.deadlines import Deadline
    from shared.requests.booking import OfAppointment

NO_SHOW = "no-show"


async def watch_for_no_show(tx: Tx, appointment: UUID, end: datetime) -> None:
    """See at the end of the visit's time whether the patient came."""
    await set_deadline(tx, NO_SHOW, appointment, missed_at(end))


async def watch_again(tx: Tx, appointment: UUID, end: datetime, now: datetime) -> None:
    """See to it at another time, and no more at the one before."""
    await cancel_deadlines(tx, NO_SHOW, appointment, now)
    await watch_for_no_show(tx, appointment, end)


async def not_come(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """Have somebody get in touch with the patient, who is not there, unless the visit has another time."""
    row = await appointments.lock(tx, deadline.entity)
    if row is not None and missed_at(row.end) == deadline.due_at:
        await _missed(ground, tx, row)


async def _missed(ground: Ground, tx: Tx, row: Row) -> None:
    now = ground.clock()
    if await is_erased(tx, row.patient) or not await moves.missed(tx, row.id, now):
        return
    days = opening_days(ground.practice.staff.values(), row.office)
    office = ground.practice.offices.get(row.office)
    zone = ZoneInfo(office.time_zone if office else row.time_zone)
    missed = AppointmentNoShow(
        appointment=row.id,
        patient=row.patient,
        clinician=row.clinician,
        office=row.office,
        contact_owner=f"team:front-desk:{row.office}",
        contact_due=contact_due(days, zone, now),
    )
    event = await announce(tx, missed, now)
    await audit.record_reaction(tx, "booking", event, now, "write", NO_SHOW, patient=row.patient, object=row.id)


async def looked_at_again(ground: Ground, tx: Tx, appointment: UUID) -> None:
    """What is heard late of a visit counts: who came was not missed, who left unseen after its end was.

    The appointment must be locked.
    """
    row, now = await appointments.find(tx, appointment), ground.clock()
    if row is None:
        return
    if await moves.came(tx, appointment, now):
        await announce(tx, NoShowSettled(appointment=row.id, patient=row.patient, settled_by=row.patient), now)
    elif now >= missed_at(row.end):
        await _missed(ground, tx, row)


async def settle_no_show(ground: BookingGround, call: Call, ask: OfAppointment) -> AppointmentState:
    """Somebody spoke with the patient who did not come, or it needs nothing more; raises NotMissed."""
    async with ground.db.reading() as tx:
        found = await appointments.find(tx, ask.appointment)
    if found is None:
        raise NoSuchAppointment
    await _require_part(ground, call, found)
    done = AppointmentState(appointment=found.id, status=AppointmentStatus.NOSHOW)
    async with ground.db.transaction() as tx:
        row = await appointments.lock(tx, found.id)
        if row is None or await is_erased(tx, found.patient):
            raise NoSuchAppointment
        if not await moves.settle(tx, row.id, call.now):
            raise NotMissed
        settled = NoShowSettled(appointment=row.id, patient=row.patient, settled_by=call.person.id)
        await announce(tx, settled, call.now)
        await audit.record(tx, call, "write", patient=row.patient, object=row.id)
        await idempotency.keep(tx, call, done)
    return done


async def _require_part(ground: BookingGround, call: Call, row: Row) -> None:
    """Raise NoSuchAppointment unless it is the caller's to see to: support's are only those that were missed."""
    roles = call.person.roles
    if at_front_desk(call, row.office) or call.person.id == row.clinician:
        return
    if Role.SUPPORT in roles and row.status is AppointmentStatus.NOSHOW:
        return
    if Role.CLINICIAN not in roles:
        raise NoSuchAppointment
    try:
        await access.require_open(ground, call, row.patient)
    except NotFound:
        raise NoSuchAppointment from None
