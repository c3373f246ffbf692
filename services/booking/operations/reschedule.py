"""Move an appointment to an offered time, or leave it where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from baton_events.booking import AppointmentRescheduled
from baton_events.codes import VisitKind
from services.booking.model import tokens
from services.booking.model.footprint import footprint
from services.booking.model.moves import MovedMeanwhile, OfferForAnother, require_movable
from services.booking.model.refusals import NoSuchAppointment, OfferGone, OfferLapsed, PatientBusy, SlotTaken
from services.booking.model.wish import Wish
from services.booking.operations.book import next_best, register, require_licence
from services.booking.operations.instead_of import to_arrange
from services.booking.operations.no_show import watch_again
from services.booking.operations.reminders import remind_again
from services.booking.operations.waitlist_freed import freed
from services.booking.store import appointments, moves, offers
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.booking import AppointmentStatus
from shared.requests.moves import Rescheduled
from shared.sealing import Kind, PatientErased, refuse_erased

if TYPE_CHECKING:
    from services.booking.model.tokens import Held
    from services.booking.operations.ground import BookingGround
    from services.booking.store.appointments import Row
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.moves import Reschedule


async def reschedule(ground: BookingGround, call: Call, ask: Reschedule) -> Rescheduled:
    """Move the appointment to the offered time, with all that goes along, or raise and leave it as it is.

    An OfferGone comes with the next best offers. It costs no more than the price locked when it was booked: offers to
    move are made at that or at less, which then holds, and no other offer is taken here.
    """
    row = await to_arrange(ground, call, ask.appointment)
    require_movable(row.status, row.end, call.now, started=row.started)
    held = tokens.verify(ground.offer_key, ask.offer)
    if held.patient != row.patient:
        raise OfferForAnother(field="offer")
    tokens.check_lapse(held, call.now)
    wish, gone = await _look(ground, call, row, held)
    try:
        if gone is not None:
            raise gone
        await require_licence(ground, call, held, wish)
        moved = moved_to(ground, row, ask.offer, held, wish)
        if moved.relationship != row.relationship:
            await register(ground, call, held, moved)
        return await _move(ground, call, moved)
    except OfferGone as refusal:
        refusal.members["offers"] = await next_best(ground, call, held, wish)
        raise


async def _look(ground: BookingGround, call: Call, row: Row, held: Held) -> tuple[Wish, OfferGone | None]:
    """What the offer was made for, and what stands in its way already.

    Raises OfferLapsed, OfferForAnother, MovedMeanwhile.
    """
    keys = await ground.keys(row.patient)
    async with ground.db.reading() as tx:
        seen = await offers.look(tx, held, call.now, moving=row.id)
    if seen is None or held.office not in ground.practice.offices:
        raise OfferLapsed
    if seen["erased"]:
        raise PatientErased
    plain = keys.open(seen["sealed"], kind=Kind.OFFER_SET, object=held.offer_set, author=seen["author"])
    wish = msgspec.json.decode(plain, type=Wish)
    if wish.moving is None or wish.moving.appointment != row.id:
        raise OfferForAnother(field="offer")
    if wish.moving.sequence != row.sequence:
        raise MovedMeanwhile
    if wish.visit_type not in ground.practice.visit_types:
        raise OfferLapsed
    if seen["clinician_busy"]:
        return wish, SlotTaken()
    return wish, PatientBusy() if seen["patient_busy"] else None


def moved_to(ground: BookingGround, row: Row, offer: str, held: Held, wish: Wish) -> Row:
    """The appointment as it will be; with another clinician `offer` names the relationship."""
    in_office = held.kind is VisitKind.OFFICE
    another = tokens.relationship_moved(ground.offer_key, row.id, offer)
    office, visit = ground.practice.offices[held.office], ground.practice.visit_types[wish.visit_type]
    return replace(
        row,
        clinician=held.clinician,
        office=held.office,
        kind=held.kind,
        start=held.start,
        end=held.end,
        time_zone=office.time_zone if in_office else wish.time_zone,
        price_cents=min(row.price_cents, held.price_cents),
        relationship=row.relationship if held.clinician == row.clinician else another,
        status=AppointmentStatus.BOOKED,
        state=wish.state_by(held.kind),
        takes=footprint(ground.practice, visit, office, held.kind, held.clinician),
    )


async def _move(ground: BookingGround, call: Call, moved: Row) -> Rescheduled:
    done = Rescheduled(
        appointment=moved.id,
        clinician=moved.clinician,
        office=moved.office,
        kind=moved.kind,
        start=moved.start,
        end=moved.end,
        status=moved.status,
        sequence=moved.sequence + 1,
    )
    async with ground.db.transaction() as tx:
        await move(tx, call, moved)
        await idempotency.keep(tx, call, done)
    return done


async def move(tx: Tx, call: Call, moved: Row) -> None:
    """Move the appointment, announce it, and free its time; raises SlotTaken, PatientBusy, MovedMeanwhile."""
    await refuse_erased(tx, moved.patient)
    was = await _require_unchanged(tx, call, moved)
    await moves.move(tx, moved, call.now, call.person.id)
    await watch_again(tx, moved.id, moved.end, call.now)
    await remind_again(tx, moved.id, moved.start, moved.time_zone, call.now)
    await freed(tx, was.clinician, was.office, was.start, was.end, call.now, freed_by=was.patient)
    await announce(tx, _rescheduled(was, moved), call.now)
    await audit.record(tx, call, "write", patient=moved.patient, object=moved.id)


async def _require_unchanged(tx: Tx, call: Call, moved: Row) -> Row:
    """Lock the appointment, and raise unless it stands as it stood when the offer was made."""
    row = await appointments.lock(tx, moved.id)
    if row is None:
        raise NoSuchAppointment
    require_movable(row.status, row.end, call.now, started=row.started)
    if row.sequence != moved.sequence:
        raise MovedMeanwhile
    return row


def _rescheduled(was: Row, moved: Row) -> AppointmentRescheduled:
    return AppointmentRescheduled(
        appointment=moved.id,
        patient=moved.patient,
        clinician=moved.clinician,
        office=moved.office,
        start=moved.start,
        end=moved.end,
        visit_kind=moved.kind,
        relationship=moved.relationship,
        former=was.relationship if was.relationship != moved.relationship else None,
    )
