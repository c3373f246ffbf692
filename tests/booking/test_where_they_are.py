"""By video a patient is treated where they say they are: at offer, booking, move, wait and start."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import pytest_asyncio

from baton_events.booking import AppointmentLicenceLapsed
from baton_events.visits import GuidanceSent
from services.booking.model.refusals import LicenceMissing
from services.booking.operations import licences
from shared.errors import Refusal
from shared.requests import visits
from shared.requests.booking import OfAppointment
from tests.booking.moving import fresh, moved
from tests.booking.people import CHEN
from tests.booking.visits import find, first, take
from tests.booking.waiting import claim, give_back, offered, wait_for
from tests.support.stack import stack as opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.requests.booking import Booked
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

END = "UPDATE licence SET ended_at = $2 WHERE staff = $1 AND state = 'CO'"
IN_COLORADO: dict[str, Any] = {"clinician": CHEN, "kind": "video", "state": "CO"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Stack]:
    async with opened("directory", "booking", "visits") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(services: Stack) -> AsyncIterator[Stack]:
    async with fresh(services) as empty:
        yield empty
    await end_licence(services, None)


async def end_licence(s: Stack, at: datetime | None) -> None:
    """Chen's in Colorado, the only one they hold."""
    await s.fetch("directory", END, CHEN, at)


async def in_colorado(s: Stack, hours: int = 3) -> Booked:
    """Maria, who lives in California, books Chen by video."""
    return await take(s, await first(s, earliest=s.clock() + timedelta(hours=hours), **IN_COLORADO))


async def begins(s: Stack, booked: Booked) -> UUID:
    """Maria checks in and Chen begins, where they may."""
    s.clock.set(booked.start)

    async def planned() -> bool:
        return any(got.event.appointment == booked.appointment for got in await s.events(GuidanceSent))

    await s.until(planned)
    here = await s.ask(visits.CHECK_IN, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
    await s.ask(visits.START, visits.OfVisit(visit=here.visit), as_="chen-liu")
    return here.visit


async def test_who_is_licensed_there_is_offered_books_and_begins(s: Stack) -> None:
    assert (await find(s, clinician=CHEN, kind="video")).offers == []
    assert (await find(s, clinician=CHEN, kind="video", state="NY")).offers == []
    await begins(s, await in_colorado(s))


async def test_a_licence_there_that_ends_is_seen_at_booking_before_the_visit_and_at_its_start(s: Stack) -> None:
    booked = await in_colorado(s)
    offer = await first(s, earliest=booked.end, **IN_COLORADO)
    await end_licence(s, s.clock())
    with pytest.raises(LicenceMissing):
        await take(s, offer)
    await licences.look(s.ground("booking"), s.clock())
    await s.quiet()
    assert [got.event.appointment for got in await s.events(AppointmentLicenceLapsed)] == [booked.appointment]
    with pytest.raises(Refusal) as refused:
        await begins(s, booked)
    assert refused.value.code == "licence-missing"


async def test_what_was_said_goes_along_with_a_move(s: Stack) -> None:
    booked = await in_colorado(s)
    to = await moved(s, booked.appointment, clinician=CHEN, kind="video", earliest=booked.end)
    assert (to.clinician, await kept(s, booked.appointment)) == (CHEN, "CO")
    await moved(s, booked.appointment, state="CA", kind="office", earliest=to.end)
    assert await kept(s, booked.appointment) is None


async def test_who_waits_is_offered_what_may_be_had_there(s: Stack) -> None:
    theirs = {"clinician": CHEN, "kind": "video", "earliest": s.clock() + timedelta(hours=3)}
    other = await take(s, await first(s, "jonas-weber", **theirs), "jonas-weber")
    await wait_for(s, **IN_COLORADO)
    await give_back(s, other, "jonas-weber")
    got = await offered(s)
    assert got.clinician == CHEN
    assert await kept(s, (await claim(s, got)).appointment) == "CO"


async def kept(s: Stack, appointment: UUID) -> str | None:
    """Where they said they will be."""
    state: str | None = await s.fetchval("booking", "SELECT state FROM appointment WHERE id = $1", appointment)
    return state
