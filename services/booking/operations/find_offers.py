"""Find offers for a reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from services.booking.model.reasons import plain, visit_type
from services.booking.model.refusals import NothingTold, TimesPast, UnknownChoice
from services.booking.model.wish import Wish
from services.booking.operations.access import require_own
from services.booking.operations.availability import as_booking, offers, who, who_may_treat
from services.booking.operations.due import due_for
from services.booking.operations.instead_of import appointment_to_move, reads_words
from services.booking.store import offers as store
from shared import audit
from shared.emergency import sounds_like_an_emergency
from shared.errors import Invalid, Unavailable
from shared.requests.booking import EmergencyGuidance, Offers, ReachPerson
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.model.wish import Moving
    from services.booking.operations.ground import BookingGround
    from shared.call import Call
    from shared.practice import Practice
    from shared.requests.booking import FindOffers, Offer
    from shared.requests.directory import PatientCard

EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
"""Between these a time with any offset is one in UTC too."""


async def find_offers(ground: BookingGround, call: Call, ask: FindOffers) -> Offers:
    """Offers for the patient, best first, behind emergency guidance where the reason sounds like one.

    The guidance comes also when nothing can be offered at the moment.
    """
    moving, due = None, None
    if ask.instead_of is not None:
        ask, moving = await appointment_to_move(ground, call, ask, ask.instead_of)
    check(ask, ground.practice)
    if ask.latest is not None and ask.latest < call.now:
        raise TimesPast(field="latest")
    guidance = emergency(ask.reason or "", ground.practice) if reads_words(call) else None
    patient = ask.patient or call.person.id
    try:
        if moving is None:
            await require_own(ground, call, patient)
        found, due = await asyncio.gather(_offers(ground, call, ask, patient, moving), due_for(ground, call, patient))
    except Unavailable:
        if guidance is None:
            raise
        found = []
    return Offers(emergency=guidance, offers=found, person=a_person(patient) if guidance else None, due=due)


async def _offers(
    ground: BookingGround, call: Call, ask: FindOffers, patient: UUID, moving: Moving | None
) -> list[Offer]:
    card, cards, keys = await asyncio.gather(
        as_booking(ground, call, PATIENT, OfPatient(patient=patient)),
        who_may_treat(ground, call, who(patient, ask.state, call.now, ask.clinician)),
        ground.keys(patient),
    )
    wish = msgspec.structs.replace(wished(ask, card, ground.practice), moving=moving)
    offer_set, author = uuid4(), call.person.id
    sealed = keys.seal(msgspec.json.encode(wish), kind=Kind.OFFER_SET, object=offer_set, author=author)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        await store.add(tx, offer_set, patient, author, sealed, call.now)
        await audit.record(tx, call, "write", patient=patient, object=offer_set)
    return await offers(ground, call, offer_set, patient, wish, cards)


def check(ask: FindOffers, practice: Practice) -> None:
    """Raise Invalid for an empty reason, an office that is none of the practice's, or times that cannot be."""
    if not plain(ask.reason or ""):
        raise NothingTold(field="reason")
    if ask.office is not None and ask.office not in practice.offices:
        raise UnknownChoice(field="office")
    for field, moment in (("earliest", ask.earliest), ("latest", ask.latest)):
        if moment is not None and not EARLIEST <= moment <= LATEST:
            raise Invalid(field=field)
    if ask.earliest is not None and ask.latest is not None and ask.latest < ask.earliest:
        raise UnknownChoice(field="latest")


def wished(ask: FindOffers, card: PatientCard, practice: Practice) -> Wish:
    """What is kept of the request, and of the patient, to rank offers by."""
    return Wish(
        reason=ask.reason or "",
        visit_type=visit_type(ask.reason or "", ask.visit_type, practice.visit_types).code,
        latitude=card.latitude,
        longitude=card.longitude,
        time_zone=card.time_zone,
        own_clinician=card.own_clinician,
        office=ask.office,
        clinician=ask.clinician,
        kind=ask.kind,
        state=ask.state,
        earliest=ask.earliest,
        latest=ask.latest,
        after=ask.after,
        before=ask.before,
        days=frozenset(ask.days),
    )


def emergency(reason: str, practice: Practice) -> EmergencyGuidance | None:
    """What comes before every offer, where the reason sounds like an emergency."""
    if not sounds_like_an_emergency(reason, practice.emergency):
        return None
    guidance = practice.emergency
    return EmergencyGuidance(title=guidance.title, text=guidance.text, call=guidance.call)


def a_person(patient: UUID) -> ReachPerson:
    """How the clinician on call is asked to come, beside every offer, where the reason sounds like an emergency."""
    body = {"patient": str(patient), "about": "care", "context": {"place": "offers"}}
    return ReachPerson(method="POST", path="/v1/people/requests", body=body, within_minutes=5)
