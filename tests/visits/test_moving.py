"""An appointment that is moved in the moment in which the patient checks in, or the visit begins."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from services.booking.model.moves import Begun
from shared.errors import Refusal
from shared.requests.booking import FIND_OFFERS, FindOffers
from shared.requests.moves import RESCHEDULE, Reschedule
from tests.support.stack import stack as opened
from tests.visits.day import SERVICES, Day, planned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from shared.requests.moves import Rescheduled
    from tests.support.stack import Stack


@pytest_asyncio.fixture
async def s() -> AsyncIterator[Stack]:
    async with opened(*SERVICES) as running:
        yield running


async def elsewhen(s: Stack, day: Day) -> Reschedule:
    """The request that moves the visit to when nobody can check in yet."""
    ask = FindOffers(instead_of=day.booked.appointment, earliest=day.booked.end + timedelta(hours=5))
    offers = (await s.ask(FIND_OFFERS, ask, as_="maria-lopez")).offers
    return Reschedule(appointment=day.booked.appointment, offer=offers[0].offer)


async def outcome(asked: Awaitable[object]) -> object:
    try:
        return await asked
    except Refusal as refusal:
        return refusal


async def stands(s: Stack, day: Day) -> tuple[list[object], list[object]]:
    """Status and start of the appointment and of its visit, once everything is heard of."""
    await s.quiet()
    (kept,) = await s.fetch("booking", "SELECT status, start_at FROM appointment WHERE id = $1", day.booked.appointment)
    (visit,) = await s.fetch("visits", "SELECT status, start_at FROM visit WHERE id = $1", day.visit)
    return list(kept.values()), list(visit.values())


async def test_a_move_and_a_check_in_at_once_end_with_nobody_waiting_for_the_old_time(s: Stack) -> None:
    for first_in in (True, False):
        day = await planned(s)
        move = s.ask(RESCHEDULE, await elsewhen(s, day), as_="maria-lopez")
        steps = [outcome(day.check_in()), outcome(move)]
        done = await asyncio.gather(*(steps if first_in else reversed(steps)))
        moved: Rescheduled = next(one for one in done if hasattr(one, "sequence"))
        assert await stands(s, day) == (["booked", moved.start], ["planned", moved.start])


async def test_who_has_checked_in_may_still_move_and_what_has_begun_may_not(s: Stack) -> None:
    day = await planned(s)
    await day.check_in()
    await s.quiet()
    moved = await s.ask(RESCHEDULE, await elsewhen(s, day), as_="maria-lopez")
    assert await stands(s, day) == (["booked", moved.start], ["planned", moved.start])
    other = await planned(s)
    late = await elsewhen(s, other)
    await other.under_way()
    await s.quiet()
    with pytest.raises(Begun):
        await s.ask(RESCHEDULE, late, as_="maria-lopez")
    assert await stands(s, other) == (["arrived", other.booked.start], ["in-progress", other.booked.start])
