"""A visit's price: shown with the offer, locked when booked, charged when the visit is over, given up with the time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from msgspec.structs import replace

from baton_events.billing import QuoteLocked
from baton_events.codes import VoidReason
from baton_events.visits import VisitEnded
from shared.requests.billing import CHARGES, QUOTE, OfQuote, QuoteStatus
from shared.requests.booking import APPOINTMENT, CANCEL, OfAppointment
from shared.requests.common import OfPatient
from shared.requests.video import CONNECT_VIDEO, REQUEST_VIDEO, OfVideo, RequestVideo
from tests.billing.prices import JONAS, MARIA
from tests.booking.moving import move, others
from tests.booking.visits import ended, first, take
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from shared.requests.billing import Quote
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    async with stack("directory", "booking", "billing") as made:
        yield made


async def price_of(s: Stack, appointment: UUID) -> Quote:
    """The price that the appointment names."""
    await s.quiet()
    booked = await s.ask(APPOINTMENT, OfAppointment(appointment=appointment), as_="maria-lopez")
    assert booked.quote is not None
    return await s.ask(QUOTE, OfQuote(quote=booked.quote), as_="maria-lopez")


async def test_what_is_booked_is_locked_at_the_price_shown_and_charged_at_it(s: Stack) -> None:
    offer = await first(s)
    booked = await take(s, offer)
    seen = await price_of(s, booked.appointment)
    assert (seen.status, seen.cents, seen.case) == (QuoteStatus.LOCKED, offer.price_cents, booked.appointment)
    assert seen.provider == offer.clinician
    assert len([got for got in await s.events(QuoteLocked) if got.event.quote == seen.quote]) == 1
    await s.deliver("billing", ended(booked, MARIA))
    (charge,) = (await s.ask(CHARGES, OfPatient(patient=MARIA), as_="maria-lopez")).charges
    assert (charge.quote, charge.cents) == (seen.quote, offer.price_cents)


async def test_a_time_given_back_costs_nothing(s: Stack) -> None:
    booked = await take(s, await first(s))
    await price_of(s, booked.appointment)
    await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
    seen = await price_of(s, booked.appointment)
    assert (seen.status, seen.void_reason) == (QuoteStatus.VOIDED, VoidReason.CANCELLED)


async def test_booking_goes_on_while_billing_is_away_and_the_price_shown_is_locked_when_it_is_back(s: Stack) -> None:
    await s.crash("billing")
    offer = await first(s)
    booked = await take(s, offer)
    given_back = await take(s, await first(s))
    await s.ask(CANCEL, OfAppointment(appointment=given_back.appointment), as_="maria-lopez")
    s.clock.advance(timedelta(days=20))
    try:
        await s.publish(ended(booked, MARIA))
        await s.start("billing")
        seen = await price_of(s, booked.appointment)
        assert (seen.status, seen.cents) == (QuoteStatus.CHARGED, offer.price_cents)
        assert (await price_of(s, given_back.appointment)).status is QuoteStatus.VOIDED
    finally:
        s.clock.ahead = timedelta()


async def test_a_call_on_call_is_locked_and_charged_as_any_visit(s: Stack) -> None:
    asked = await s.ask(REQUEST_VIDEO, RequestVideo(patient=JONAS, reason="a rash"), as_="jonas-weber")
    joined = await s.ask(CONNECT_VIDEO, OfVideo(video=asked.video), as_="dana-reyes")
    assert joined.appointment is not None
    await s.quiet()
    booked = await s.ask(APPOINTMENT, OfAppointment(appointment=joined.appointment), as_="jonas-weber")
    assert booked.quote is not None
    seen = await s.ask(QUOTE, OfQuote(quote=booked.quote), as_="jonas-weber")
    assert (seen.status, seen.cents, seen.case) == (QuoteStatus.LOCKED, booked.price_cents, joined.appointment)
    over = VisitEnded(
        visit=joined.appointment,
        appointment=joined.appointment,
        patient=JONAS,
        clinician=booked.clinician,
        clinician_owner=f"clinician:{booked.clinician}",
        summary_due=booked.end,
    )
    await s.deliver("billing", over)
    (charge,) = (await s.ask(CHARGES, OfPatient(patient=JONAS), as_="jonas-weber")).charges
    assert charge.cents == booked.price_cents


@pytest.mark.parametrize(("change", "shown"), [(-2500, -2500), (2500, 0)])
async def test_who_moves_pays_the_lower_of_the_price_locked_and_the_price_now(
    s: Stack, monkeypatch: pytest.MonkeyPatch, change: int, shown: int
) -> None:
    booked = await take(s, await first(s, earliest=s.clock() + timedelta(hours=5)))
    was = await price_of(s, booked.appointment)
    types = s.ground("booking").practice.visit_types
    now = replace(types["skin"], price_cents=types["skin"].price_cents + change)
    monkeypatch.setitem(types, "skin", now)
    offer = (await others(s, booked.appointment, earliest=booked.end))[0]
    assert offer.price_cents == was.cents + shown
    await move(s, booked.appointment, offer)
    seen = await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
    assert (seen.price_cents, seen.quote) == (offer.price_cents, was.quote)
    await s.deliver("billing", ended(booked, MARIA))
    charges = (await s.ask(CHARGES, OfPatient(patient=MARIA), as_="maria-lopez")).charges
    assert next(one for one in charges if one.quote == was.quote).cents == offer.price_cents
