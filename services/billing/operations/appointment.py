"""Lock the price at which a time was booked: the one that the signed offer showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import VisitKind
from services.billing.model.bill import LockRow
from services.billing.operations.lock_quote import lock
from services.billing.operations.make_quotes import make
from services.billing.operations.particulars import particulars
from services.billing.operations.sealed import seal_particulars
from services.billing.store import quotes
from shared.errors import NotFound
from shared.requests.billing import Line, NewQuote
from shared.requests.booking import APPOINTMENT_FACTS, OfAppointment

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.billing.model.bill import Particulars
    from shared.app import Ground
    from shared.database import Tx
    from shared.practice import Practice
    from shared.requests.booking import AppointmentFacts
    from shared.sealing import GroupKeys

WHERE = {VisitKind.OFFICE: "at the office", VisitKind.VIDEO: "by video"}


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What the price of an appointment is locked with."""

    facts: AppointmentFacts
    named: Particulars
    keys: GroupKeys


async def ask_for_price(ground: Ground, patient: UUID, appointment: UUID, cause: UUID) -> Priced:
    """The price that booking keeps with the appointment, and the names for its receipt; raises PatientErased first."""
    keys = await ground.sealing.keys(patient, patient)
    facts = await ground.bus.call_as_self(APPOINTMENT_FACTS, OfAppointment(appointment=appointment), cause=cause)
    named = await particulars(
        ground,
        patient=facts.patient,
        provider=facts.clinician,
        office=facts.office,
        time_zone=facts.time_zone,
        cause=cause,
    )
    return Priced(facts=facts, named=named, keys=keys)


async def price_now(ground: Ground, appointment: UUID, cause: UUID) -> int | None:
    """What the appointment costs since it last moved, which may be less than what is locked; none where none is."""
    async with ground.db.reading() as tx:
        if not await quotes.locks(tx, None, appointment):
            return None
    try:
        facts = await ground.bus.call_as_self(APPOINTMENT_FACTS, OfAppointment(appointment=appointment), cause=cause)
    except NotFound:
        return None
    return facts.price_cents


async def lock_price(
    tx: Tx, priced: Priced, quote: UUID, practice: Practice, booked_at: datetime, now: datetime, by: str
) -> None:
    """Write the price down and lock it, as of the moment of booking; it holds until the visit begins.

    A call on call begins as it is booked: its price holds until it is over.
    """
    facts, keys = priced.facts, priced.keys
    expires_at = facts.start if facts.start > booked_at else facts.end
    line = Line(what=_what(facts, practice), cents=facts.price_cents)
    new = NewQuote(quote=quote, lines=[line], expires_at=expires_at)
    made = await make(tx, keys, facts.patient, new, booked_at)
    row = LockRow(
        quote=quote,
        patient=facts.patient,
        cents=made.cents,
        care_case=facts.appointment,
        provider=facts.clinician,
        particulars=seal_particulars(keys, quote, facts.clinician, priced.named),
        locked_at=booked_at,
    )
    await lock(tx, made, row, now, by)


def _what(facts: AppointmentFacts, practice: Practice) -> str:
    """The kind of visit by its name, as the practice calls it now."""
    visit = practice.visit_types.get(facts.visit_type)
    return f"{visit.name if visit else 'Visit'}, {WHERE[facts.kind]}"[:300]
