"""What can be offered now: who may treat the patient, less what is taken, best first, signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from services.booking.model import tokens
from services.booking.model.ranking import best, why
from services.booking.model.slots import HORIZON, free_slots
from services.booking.store import offers as store
from shared.requests import Answer, Ask
from shared.requests.booking import Offer
from shared.requests.directory import CLINICIANS, FindClinicians

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.slots import Book, Slot
    from services.booking.model.wish import Wish
    from services.booking.operations.ground import BookingGround
    from shared.call import Call
    from shared.requests import Operation
    from shared.requests.directory import ClinicianCard

Q = TypeVar("Q", bound=Ask)
A = TypeVar("A", bound=Answer)


async def as_booking(ground: BookingGround, call: Call, op: Operation[Q, A], ask: Q, *, key: str = "") -> A:
    """Ask another service as booking itself, within the time the caller has."""
    left = (call.deadline - ground.bus.clock()).total_seconds()
    return await ground.bus.call_as_self(op, ask, cause=call.cause, key=key, seconds=left)


async def who_may_treat(
    ground: BookingGround, call: Call, patient: UUID, at: datetime, clinician: UUID | None = None
) -> list[ClinicianCard]:
    """Those licensed where the patient lives."""
    found = await as_booking(ground, call, CLINICIANS, FindClinicians(patient=patient, at=at, clinician=clinician))
    return found.clinicians


async def offers_again(ground: BookingGround, call: Call, offer_set: UUID, patient: UUID, wish: Wish) -> list[Offer]:
    """The best offers as things stand now, for a wish that offers were made for before.

    Where nothing is left of what they would rather have, the best of all the others.
    """
    cards = await who_may_treat(ground, call, patient, call.now)
    async with ground.db.reading() as tx:
        those = [card.clinician for card in cards]
        book = await store.taken(tx, those, patient, call.now, call.now + HORIZON, moving=wish.instead_of)
    found = offers(ground, offer_set, patient, wish, cards, book, call.now)
    return found or offers(ground, offer_set, patient, wish.anything, cards, book, call.now)


def offers(
    ground: BookingGround,
    offer_set: UUID,
    patient: UUID,
    wish: Wish,
    cards: Sequence[ClinicianCard],
    book: Book,
    now: datetime,
) -> list[Offer]:
    """At most a dozen, best first."""
    visit, offices = ground.practice.visit_types[wish.visit_type], ground.practice.offices
    by_id = {card.clinician: card for card in cards}
    price = wish.moving.price_cents if wish.moving else visit.price_cents

    def offer(slot: Slot) -> Offer:
        held = tokens.held(slot, offer_set=offer_set, patient=patient, price_cents=price, now=now)
        card = by_id[slot.clinician]
        return Offer(
            offer=tokens.sign(ground.offer_key, held),
            clinician=card.clinician,
            clinician_name=card.name,
            credential=card.credential,
            office=slot.office,
            office_name=offices[slot.office].name,
            kind=slot.kind,
            start=slot.start,
            end=slot.end,
            local_start=slot.start.astimezone(slot.zone).isoformat(timespec="minutes"),
            minutes=slot.minutes,
            price_cents=price,
            why=why(slot),
            lapses_at=held.lapses_at,
        )

    free = free_slots(wish, visit, cards, offices, book, now)
    return [offer(slot) for slot in best(slot for slot in free if not _as_it_is(slot, wish))]


def _as_it_is(slot: Slot, wish: Wish) -> bool:
    """Whether this is the time that the appointment to be moved has already."""
    return wish.moving is not None and (slot.clinician, slot.start) == (wish.moving.clinician, wish.moving.start)
