"""What booking's tests over the whole service do again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from baton_events.visits import VisitCheckedIn, VisitEnded, VisitLeft, VisitStarted
from shared.requests.booking import BOOK, FIND_OFFERS, Book, Booked, FindOffers, Offer, Offers

if TYPE_CHECKING:
    from tests.support.stack import Stack

CANARY = "a rash behind my knee, quite itchy since the canary flew"


async def find(s: Stack, who: str | UUID = "maria-lopez", reason: str = CANARY, **wanted: Any) -> Offers:
    """The offers for a reason."""
    return await s.ask(FIND_OFFERS, FindOffers(reason=reason, **wanted), as_=who)


async def first(s: Stack, who: str | UUID = "maria-lopez", **wanted: Any) -> Offer:
    """The best offer."""
    return (await find(s, who, **wanted)).offers[0]


async def take(s: Stack, offer: Offer | str, who: str | UUID = "maria-lopez", **how: Any) -> Booked:
    """Book the offer."""
    text = offer if isinstance(offer, str) else offer.offer
    return await s.ask(BOOK, Book(offer=text), as_=who, **how)


async def book(s: Stack, who: str | UUID = "maria-lopez", **wanted: Any) -> Booked:
    """Book the best offer."""
    return await take(s, await first(s, who, **wanted), who)


def checked_in(booked: Booked, patient: UUID) -> VisitCheckedIn:
    """The patient comes."""
    return VisitCheckedIn(
        visit=booked.appointment,
        appointment=booked.appointment,
        patient=patient,
        office=booked.office,
        room_owner=f"team:room:{booked.office}",
        room_due=booked.start,
    )


def left(booked: Booked, patient: UUID) -> VisitLeft:
    """The patient goes again."""
    return VisitLeft(visit=booked.appointment, appointment=booked.appointment, patient=patient)


def started(booked: Booked, patient: UUID) -> VisitStarted:
    """The clinician is with the patient."""
    return VisitStarted(
        visit=booked.appointment, appointment=booked.appointment, patient=patient, clinician=booked.clinician
    )


def ended(booked: Booked, patient: UUID) -> VisitEnded:
    """The visit is over."""
    return VisitEnded(
        visit=booked.appointment,
        appointment=booked.appointment,
        patient=patient,
        clinician=booked.clinician,
        clinician_owner=f"clinician:{booked.clinician}",
        summary_due=datetime.now(UTC) + timedelta(hours=2),
    )
