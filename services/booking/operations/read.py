"""Read appointments, with the patient's words for those who treat them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.booking.model.joining import can_join
from services.booking.model.refusals import NoSuchAppointment
from services.booking.model.wish import Why
from services.booking.operations.access import FOR_THEM
from services.booking.store import appointments, video
from shared import audit
from shared.errors import NotFound
from shared.identity import access
from shared.requests.booking import Appointment, AppointmentFacts, Appointments, AppointmentStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from services.booking.operations.ground import BookingGround
    from services.booking.store.appointments import Row
    from shared.call import Call
    from shared.requests.booking import OfAppointment
    from shared.requests.common import OfPatient
    from shared.sealing import GroupKeys


async def appointment(ground: BookingGround, call: Call, ask: OfAppointment) -> Appointment:
    """One appointment, for the patient, the clinician booked, and whoever else may open the record."""
    row = await _find(ground, ask)
    own, why = _booked_with(call, row), None
    if not own:
        try:
            why = await access.require_open(ground, call, row.patient)
        except NotFound:
            raise NoSuchAppointment from None
    row, keys = await _look(ground, call, row, own=own)
    joins = own or why in FOR_THEM
    link = await _link(ground, call, row) if joins and can_join(row.kind, row.status, row.start, call.now) else None
    return msgspec.structs.replace(_told(row, keys), link=link)


async def _link(ground: BookingGround, call: Call, row: Row) -> str | None:
    """The way into the room of a visit by video; a call on call has its own, which its own request shows.

    Moved to a colleague, the visit has another room, since the way into the first may be known for an hour.
    """
    async with ground.db.reading() as tx:
        if await video.is_call(tx, row.id):
            return None
    return ground.rooms.link(row.relationship, call.person.id, host=call.person.id == row.clinician, now=call.now)


async def appointments_of(ground: BookingGround, call: Call, ask: OfPatient) -> Appointments:
    """The patient's appointments, newest first, for whoever may open the record."""
    await access.require_open(ground, call, ask.patient)
    keys = await ground.keys(ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await appointments.of_patient(tx, ask.patient)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} appointments")
    return Appointments(appointments=[_told(row, keys) for row in rows])


async def facts(ground: BookingGround, call: Call, ask: OfAppointment) -> AppointmentFacts:
    """What visits needs to prepare the visit and billing to lock its price; not the patient's words."""
    row, keys = await _look(ground, call, await _find(ground, ask))
    return AppointmentFacts(
        appointment=row.id,
        patient=row.patient,
        clinician=row.clinician,
        office=row.office,
        kind=row.kind,
        visit_type=_why(row, keys).visit_type,
        start=row.start,
        end=row.end,
        time_zone=row.time_zone,
        price_cents=row.price_cents,
        status=row.status,
        state=row.state,
    )


async def _find(ground: BookingGround, ask: OfAppointment) -> Row:
    async with ground.db.reading() as tx:
        row = await appointments.find(tx, ask.appointment)
    if row is None:
        raise NoSuchAppointment
    return row


def _booked_with(call: Call, row: Row) -> bool:
    return call.person.id == row.clinician and row.status is not AppointmentStatus.CANCELLED


async def _look(ground: BookingGround, call: Call, found: Row, *, own: bool = False) -> tuple[Row, GroupKeys]:
    """The appointment as it stands, put on record, and the keys to its reason.

    With `own` the caller reads it as the clinician booked, and must still be.
    """
    keys = await ground.keys(found.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, found.patient)
        row = await appointments.find(tx, found.id)
        if row is None or (own and not _booked_with(call, row)):
            raise NoSuchAppointment
        await audit.record(tx, call, "read", patient=found.patient, object=found.id)
    return row, keys


def _why(row: Row, keys: GroupKeys) -> Why:
    plain = keys.open(row.sealed, kind=Kind.REASON, object=row.id, author=row.author)
    return msgspec.json.decode(plain, type=Why)


def _told(row: Row, keys: GroupKeys) -> Appointment:
    why = _why(row, keys)
    return Appointment(
        appointment=row.id,
        patient=row.patient,
        clinician=row.clinician,
        office=row.office,
        kind=row.kind,
        visit_type=why.visit_type,
        start=row.start,
        end=row.end,
        time_zone=row.time_zone,
        price_cents=row.price_cents,
        status=row.status,
        reason=why.reason,
        quote=row.quote,
    )
