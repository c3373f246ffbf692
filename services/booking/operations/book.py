"""Take an offered time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from baton_events.booking import AppointmentBooked
from baton_events.codes import RelationshipSource, VisitKind
from services.booking.model import tokens
from services.booking.model.footprint import footprint
from services.booking.model.moves import OfferToMove
from services.booking.model.refusals import LicenceMissing, OfferGone, OfferLapsed, PatientBusy, SlotTaken
from services.booking.model.search import may_be_at
from services.booking.model.wish import Wish
from services.booking.operations.access import require_own
from services.booking.operations.availability import as_booking, offers_again, require_open, who, who_may_treat
from services.booking.operations.no_show import watch_for_no_show
from services.booking.operations.patience import patiently
from services.booking.operations.reminders import remind
from services.booking.store import appointments, offers
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.booking import AppointmentStatus, Booked
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship
from shared.sealing import Kind, PatientErased, refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.model.tokens import Held
    from services.booking.operations.ground import BookingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.booking import Book, Offer
    from shared.sealing import GroupKeys

PREPARE_WITHIN = timedelta(minutes=10)
CONFIRMED_WITHIN = timedelta(minutes=15)


async def book(ground: BookingGround, call: Call, ask: Book) -> Booked:
    """Take the offered time and announce it, or raise an OfferGone with the next best offers and do neither."""
    held = tokens.verify(ground.offer_key, ask.offer)
    await require_own(ground, call, held.patient)
    tokens.check_lapse(held, call.now)
    keys = await ground.keys(held.patient)
    author, wish, gone = await _look(ground, keys, held, call)
    try:
        if gone is not None:
            raise gone
        await require_licence(ground, call, held, wish)
        row = _row(ground, call, ask.offer, held, keys, author, wish)
        await register(ground, call, held, row)
        return await _take(ground, call, row)
    except OfferGone as refusal:
        refusal.members["offers"] = await next_best(ground, call, held, wish)
        raise


async def _look(ground: BookingGround, keys: GroupKeys, held: Held, call: Call) -> tuple[UUID, Wish, OfferGone | None]:
    """Who asked for offers and for what, and what stands in the way already, which spares the rest.

    Raises OfferLapsed when the practice no longer has it.
    """
    async with ground.db.reading() as tx:
        seen = await offers.look(tx, held, call.now)
    if seen is None or held.office not in ground.practice.offices:
        raise OfferLapsed
    if seen["erased"]:
        raise PatientErased
    author: UUID = seen["author"]
    plain = keys.open(seen["sealed"], kind=Kind.OFFER_SET, object=held.offer_set, author=author)
    wish = msgspec.json.decode(plain, type=Wish)
    if wish.moving is not None:
        raise OfferToMove(field="offer")
    if wish.visit_type not in ground.practice.visit_types:
        raise OfferLapsed
    if seen["clinician_busy"]:
        return author, wish, SlotTaken()
    return author, wish, PatientBusy() if seen["patient_busy"] else None


async def require_licence(ground: BookingGround, call: Call, held: Held, wish: Wish) -> None:
    """Asked again, for the start of the visit: a licence, or the state the patient lives in, may have changed.

    In an office it takes one in its state too. So may the hours. Raises LicenceMissing, TimeClosed.
    """
    cards = await who_may_treat(ground, call, who(held.patient, wish.state, held.start, held.clinician))
    if not cards or not may_be_at(cards[0], ground.practice.offices[held.office], held.kind):
        raise LicenceMissing
    await require_open(ground, call, held, cards[0])


def _row(
    ground: BookingGround, call: Call, offer: str, held: Held, keys: GroupKeys, author: UUID, wish: Wish
) -> appointments.Row:
    """The appointment that the offer becomes, the patient's words sealed anew as its reason."""
    id_ = tokens.appointment_id(ground.offer_key, call.caller_id, call.key, offer)
    office, visit = ground.practice.offices[held.office], ground.practice.visit_types[wish.visit_type]
    return appointments.Row(
        id=id_,
        patient=held.patient,
        clinician=held.clinician,
        office=held.office,
        kind=held.kind,
        start=held.start,
        end=held.end,
        time_zone=office.time_zone if held.kind is VisitKind.OFFICE else wish.time_zone,
        price_cents=held.price_cents,
        quote=tokens.quote_id(ground.offer_key, id_),
        relationship=tokens.relationship_id(ground.offer_key, id_),
        status=AppointmentStatus.BOOKED,
        author=author,
        sealed=keys.seal(msgspec.json.encode(wish.why), kind=Kind.REASON, object=id_, author=author),
        booked_by=call.person.id,
        booked_at=call.now,
        state=wish.state_by(held.kind),
        takes=footprint(ground.practice, visit, office, held.kind, held.clinician),
    )


async def register(ground: BookingGround, call: Call, held: Held, row: appointments.Row) -> None:
    """Have the clinician treat the patient; it lapses unless the booking is announced."""
    ask = RegisterRelationship(
        relationship=row.relationship,
        patient=row.patient,
        clinician=row.clinician,
        source=RelationshipSource.BOOKING,
        lapses_at=held.lapses_at + CONFIRMED_WITHIN,
    )
    await as_booking(ground, call, REGISTER_RELATIONSHIP, ask, key=str(row.relationship))


async def _take(ground: BookingGround, call: Call, row: appointments.Row) -> Booked:
    done = Booked(
        appointment=row.id,
        clinician=row.clinician,
        office=row.office,
        start=row.start,
        end=row.end,
        status=row.status,
    )
    async with ground.db.transaction() as tx:
        await take(tx, call, row)
        await idempotency.keep(tx, call, done)
    return done


async def take(tx: Tx, call: Call, row: appointments.Row) -> None:
    """Take the time and announce it; raises PatientBusy, SlotTaken."""
    await refuse_erased(tx, row.patient)
    if not await appointments.take(tx, row):
        raise PatientBusy if await appointments.only_the_patient_is_busy(tx, row) else SlotTaken
    await watch_for_no_show(tx, row.id, row.end)
    await remind(tx, row.id, row.start, row.time_zone, call.now)
    await announce(tx, _booked(row, call), call.now)
    await audit.record(tx, call, "write", patient=row.patient, object=row.id)


def _booked(row: appointments.Row, call: Call) -> AppointmentBooked:
    return AppointmentBooked(
        appointment=row.id,
        patient=row.patient,
        clinician=row.clinician,
        office=row.office,
        visit_kind=row.kind,
        start=row.start,
        end=row.end,
        relationship=row.relationship,
        prepare_owner=f"team:front-desk:{row.office}",
        prepare_due=call.now + PREPARE_WITHIN,
        quote=row.quote,
    )


async def next_best(ground: BookingGround, call: Call, held: Held, wish: Wish) -> list[Offer]:
    """What can be offered instead; none while the directory cannot say who may treat the patient."""
    return await patiently(ground, call, lambda: offers_again(ground, call, held.offer_set, held.patient, wish))
