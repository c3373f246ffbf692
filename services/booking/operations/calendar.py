"""An appointment as a calendar takes it: an iCalendar object (RFC 5545, RFC 5546) that says nothing of health."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from icalendar import Calendar, Event, vCalAddress

from baton_events.codes import VisitKind
from services.booking.model.refusals import NoSuchAppointment
from services.booking.operations.access import require_arranging
from services.booking.store import appointments
from shared import audit
from shared.requests.booking import AppointmentStatus
from shared.requests.common import Content
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from datetime import datetime

    from services.booking.operations.ground import BookingGround
    from services.booking.store.appointments import Row
    from shared.call import Call
    from shared.practice import Practice
    from shared.requests.booking import OfAppointment

PRODUCT = "-//Baton//Booking//EN"
BY_VIDEO = "Video"


async def calendar(ground: BookingGround, call: Call, ask: OfAppointment) -> Content:
    """For the patient's side, the clinician booked and the front desk: when, where, and whether it still stands."""
    async with ground.db.reading() as tx:
        found = await appointments.find(tx, ask.appointment)
    if found is None:
        raise NoSuchAppointment
    if call.person.id != found.clinician:
        await require_arranging(ground, call, found)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, found.patient)
        await audit.record(tx, call, "read", patient=found.patient, object=found.id)
    return shown(found, ground.practice, call.now)


def shown(row: Row, practice: Practice, now: datetime) -> Content:
    """The file; a calendar that has it already knows by its SEQUENCE whether this is newer."""
    gone = row.status is AppointmentStatus.CANCELLED
    file = Calendar()
    file.add("prodid", PRODUCT)
    file.add("version", "2.0")
    file.add("method", "CANCEL" if gone else "REQUEST")
    file.add_component(_event(row, practice, now, gone=gone))
    return Content(
        media_type=f"text/calendar; charset=utf-8; method={'CANCEL' if gone else 'REQUEST'}",
        name="visit.ics",
        body=file.to_ical(),
    )


def _event(row: Row, practice: Practice, now: datetime, *, gone: bool) -> Event:
    event = Event()
    event.add("uid", str(row.id))
    event.add("sequence", row.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", row.start.astimezone(UTC))
    event.add("dtend", row.end.astimezone(UTC))
    event.add("summary", "Visit")
    event.add("location", _where(row, practice))
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("organizer", vCalAddress(_phone(row, practice)))
    event.add("attendee", vCalAddress(f"urn:uuid:{row.patient}"))
    return event


def _where(row: Row, practice: Practice) -> str:
    office = practice.offices.get(row.office)
    if row.kind is VisitKind.VIDEO or office is None:
        return BY_VIDEO
    return f"{office.name}, {office.address}"


def _phone(row: Row, practice: Practice) -> str:
    """Whom a person reaches about it; the practice has no mailbox for calendars to write to."""
    office = practice.offices.get(row.office)
    digits = "".join(one for one in office.phone if one.isdigit()) if office else ""
    return f"tel:+{digits}" if digits else f"urn:uuid:{practice.id}"
