"""What billing's tests do again and again: a price for Maria, locked, and the events that settle its case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from baton_events.booking import AppointmentCancelled
from baton_events.codes import CancelReason
from baton_events.messaging import ConsultDeclined, ConsultWithdrawn, PlanGiven
from baton_events.visits import VisitEnded
from shared.requests.billing import (
    LOCK_QUOTE,
    MAKE_QUOTES,
    Line,
    LockQuote,
    MakeQuotes,
    NewQuote,
    QuoteLocked,
    QuotesMade,
)

if TYPE_CHECKING:
    from tests.support.stack import Stack

MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
JONAS = UUID("9a71e000-0000-4000-8000-000000000002")
SAMIRA = UUID("9a71e000-0000-4000-8000-000000000004")
AMARA = UUID("c1111c00-0000-4000-8000-000000000001")
BEN = UUID("c1111c00-0000-4000-8000-000000000002")
SAN_FRANCISCO = UUID("0ff1ce00-0000-4000-8000-000000000003")

CANARY = "a consult about a rash that the canary sang of"
LINES = [Line(what=CANARY, cents=4900, code="99421"), Line(what="A photograph looked at", cents=1050)]
CENTS = 5950


def price(lines: list[Line] | None = None, quote: UUID | None = None, expires: datetime | None = None) -> NewQuote:
    """A price good for ten minutes."""
    until = expires or datetime.now(UTC) + timedelta(minutes=10)
    return NewQuote(quote=quote or uuid4(), lines=LINES if lines is None else lines, expires_at=until)


async def make(s: Stack, *quotes: NewQuote, patient: UUID = MARIA, **how: Any) -> QuotesMade:
    """Have billing write the prices down, as messaging does."""
    return await s.ask(MAKE_QUOTES, MakeQuotes(patient=patient, quotes=list(quotes)), service="messaging", **how)


async def lock(
    s: Stack, quote: UUID, case: UUID, *, patient: UUID = MARIA, provider: UUID = AMARA, **how: Any
) -> QuoteLocked:
    """Have billing lock the price, as messaging does."""
    ask = LockQuote(quote=quote, patient=patient, case=case, provider=provider)
    return await s.ask(LOCK_QUOTE, ask, service="messaging", **how)


async def locked(s: Stack, patient: UUID = MARIA, lines: list[Line] | None = None) -> tuple[UUID, UUID]:
    """A price locked for a new case: the quote and the case."""
    new, case = price(lines), uuid4()
    await make(s, new, patient=patient)
    await lock(s, new.quote, case, patient=patient)
    return new.quote, case


async def charged(s: Stack, patient: UUID = MARIA, lines: list[Line] | None = None) -> UUID:
    """A charge that stands."""
    quote, case = await locked(s, patient, lines)
    await s.deliver("billing", plan(case, patient=patient))
    charge: UUID = await s.fetchval("billing", "SELECT id FROM charge WHERE quote = $1", quote)
    return charge


def plan(case: UUID, version: int = 1, patient: UUID = MARIA) -> PlanGiven:
    """The provider gives a plan."""
    return PlanGiven(consult=case, thread=uuid4(), patient=patient, clinician=AMARA, version=version)


def declined(case: UUID) -> ConsultDeclined:
    """The provider cannot treat it by message."""
    return ConsultDeclined(consult=case, patient=MARIA, clinician=AMARA)


def withdrawn(case: UUID) -> ConsultWithdrawn:
    """The patient takes the consult back."""
    return ConsultWithdrawn(consult=case, patient=MARIA)


def cancelled(case: UUID, reason: CancelReason = CancelReason.PATIENT) -> AppointmentCancelled:
    """The time is given back."""
    return AppointmentCancelled(appointment=case, patient=MARIA, reason=reason)


def ended(case: UUID) -> VisitEnded:
    """The visit is over."""
    return VisitEnded(
        visit=uuid4(),
        appointment=case,
        patient=MARIA,
        clinician=BEN,
        clinician_owner=f"clinician:{BEN}",
        summary_due=datetime.now(UTC) + timedelta(hours=2),
    )
