"""Give a time back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.booking import AppointmentCancelled
from baton_events.codes import CancelReason
from services.booking.model.refusals import NoSuchAppointment, NotCancellable
from services.booking.operations.access import at_front_desk, require_arranging
from services.booking.operations.no_show import NO_SHOW
from services.booking.operations.reminders import withdraw_reminders
from services.booking.operations.waitlist_freed import freed
from services.booking.operations.waitlist_over import waits_no_more_instead_of
from services.booking.store import appointments
from shared import audit, idempotency
from shared.deadlines import cancel_deadlines
from shared.outbox import announce
from shared.requests.booking import AppointmentState, AppointmentStatus
from shared.sealing import is_erased

if TYPE_CHECKING:
    from services.booking.operations.ground import BookingGround
    from shared.call import Call
    from shared.requests.booking import OfAppointment

OPEN = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED})


async def cancel(ground: BookingGround, call: Call, ask: OfAppointment) -> AppointmentState:
    """Give the time back, as the patient, their proxy, or the front desk of its office; raises NotCancellable."""
    async with ground.db.reading() as tx:
        found = await appointments.find(tx, ask.appointment)
    if found is None:
        raise NoSuchAppointment
    await require_arranging(ground, call, found)
    reason = CancelReason.PRACTICE if at_front_desk(call, found.office) else CancelReason.PATIENT
    done = AppointmentState(appointment=ask.appointment, status=AppointmentStatus.CANCELLED)
    async with ground.db.transaction() as tx:
        if await is_erased(tx, found.patient):
            raise NoSuchAppointment
        row = await appointments.lock(tx, ask.appointment)
        if row is None or row.status not in OPEN or row.started:
            raise NotCancellable
        await appointments.cancel(tx, row.id, call.now, call.person.id)
        await cancel_deadlines(tx, NO_SHOW, row.id, call.now)
        await withdraw_reminders(tx, row.id, call.now)
        await freed(tx, row.clinician, row.office, row.start, row.end, call.now, freed_by=row.patient)
        await waits_no_more_instead_of(tx, row.id, call.now)
        given_back = AppointmentCancelled(
            appointment=row.id, patient=row.patient, reason=reason, relationship=row.relationship
        )
        await announce(tx, given_back, call.now)
        await audit.record(tx, call, "write", patient=row.patient, object=row.id)
        await idempotency.keep(tx, call, done)
    return done
