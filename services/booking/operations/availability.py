"""What can be offered now: who may treat the patient, less what is taken, best first, signed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from services.booking.model import tokens
from services.booking.model.hours import Exceptions, open_times
from services.booking.model.ranking import best, enough, why
from services.booking.model.refusals import TimeClosed
from services.booking.model.search import Search, span_of, steps
from services.booking.model.slots import free_slots
from services.booking.store import offers as store
from services.booking.store import overrides as overrides_store
from shared.requests import Answer, Ask
from shared.requests.booking import Offer
from shared.requests.directory import CLINICIANS, FindClinicians

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.ranking import Ranked
    from services.booking.model.slots import Slot
    from services.booking.model.tokens import Held
    from services.booking.model.wish import Wish
    from services.booking.operations.ground import BookingGround
    from shared.call import Call
    from shared.requests import Operation
    from shared.requests.directory import ClinicianCard

Q = TypeVar("Q", bound=Ask)
A = TypeVar("A", bound=Answer)
A_DAY = timedelta(days=1)


async def as_booking(ground: BookingGround, call: Call, op: Operation[Q, A], ask: Q, *, key: str = "") -> A:
    """Ask another service as booking itself, within the time the caller has."""
    left = (call.deadline - ground.bus.clock()).total_seconds()
    return await ground.bus.call_as_self(op, ask, cause=call.cause, key=key, seconds=left)


def who(patient: UUID, state: str | None, at: datetime, clinician: UUID | None = None) -> FindClinicians:
    """Those licensed then where the patient says they will be, or else where they live."""
    if state is not None:
        return FindClinicians(state=state, at=at, clinician=clinician)
    return FindClinicians(patient=patient, at=at, clinician=clinician)


async def who_may_treat(ground: BookingGround, call: Call, ask: FindClinicians) -> list[ClinicianCard]:
    """Those licensed there."""
    return (await as_booking(ground, call, CLINICIANS, ask)).clinicians


async def offers_again(ground: BookingGround, call: Call, offer_set: UUID, patient: UUID, wish: Wish) -> list[Offer]:
    """The best offers as things stand now, for a wish that offers were made for before.

    Where nothing is left of what they would rather have, the best of all the others.
    """
    cards = await who_may_treat(ground, call, who(patient, wish.state, call.now, wish.clinician))
    found = await offers(ground, call, offer_set, patient, wish, cards)
    if found:
        return found
    if wish.clinician is not None:
        cards = await who_may_treat(ground, call, who(patient, wish.state, call.now))
    return await offers(ground, call, offer_set, patient, wish.anything, cards)


async def offers(
    ground: BookingGround,
    call: Call,
    offer_set: UUID,
    patient: UUID,
    wish: Wish,
    cards: Sequence[ClinicianCard],
) -> list[Offer]:
    """At most a dozen, best first."""
    visit, offices = ground.practice.visit_types[wish.visit_type], ground.practice.offices
    by_id = {card.clinician: card for card in cards}
    price = wish.price_cents(visit.price_cents)

    def offer(one: Ranked) -> Offer:
        slot = one.slot
        held = tokens.held(slot, offer_set=offer_set, patient=patient, price_cents=price, now=call.now)
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
            why=why(one),
            lapses_at=held.lapses_at,
        )

    return [offer(one) for one in best(await _free(ground, call, patient, wish, cards))]


async def _free(
    ground: BookingGround, call: Call, patient: UUID, wish: Wish, cards: Sequence[ClinicianCard]
) -> list[Slot]:
    """Free times, looked for no further ahead than it takes to have enough."""
    found: list[Slot] = []
    async with ground.db.reading() as tx:
        overrides = await overrides_store.in_force(tx, call.now)
        search = Search(wish=wish, practice=ground.practice, cards=cards, overrides=overrides, now=call.now)
        for sources, window in steps(search):
            clinicians = list({source.card.clinician for source in sources})
            offices = list({source.office.id for source in sources if source.takes.rooms is not None})
            within = span_of(search, sources, window)
            book = await store.taken(tx, clinicians, offices, patient, within, search.reach, moving=wish.instead_of)
            slots = free_slots(search, sources, book, window)
            found += (slot for slot in slots if not _as_it_is(slot, wish))
            if enough(found, search.sources):
                break
    return found


def _as_it_is(slot: Slot, wish: Wish) -> bool:
    """Whether this is the time that the appointment to be moved has already."""
    return wish.moving is not None and (slot.clinician, slot.start) == (wish.moving.clinician, wish.moving.start)


async def require_open(ground: BookingGround, call: Call, held: Held, card: ClinicianCard) -> None:
    """Raise TimeClosed unless the clinician is still at the office for the whole of the offered time."""
    async with ground.db.reading() as tx:
        overrides = await overrides_store.in_force(tx, call.now, held.clinician, held.office)
    exceptions = Exceptions(
        holidays=ground.practice.holidays,
        staff=ground.practice.staff.get(held.clinician),
        overrides=overrides.get((held.clinician, held.office), ()),
    )
    office = ground.practice.offices[held.office]
    zone = ZoneInfo(office.time_zone)
    day = held.start.astimezone(zone).date()
    hours = [weekly for weekly in card.hours if weekly.office == held.office]
    times = open_times(hours, exceptions, office, zone, day - A_DAY, day + A_DAY)
    if not any(one.start <= held.start and held.end <= one.end for one in times):
        raise TimeClosed
