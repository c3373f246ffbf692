"""A service that dies at any point tells nobody twice of a time, skips nobody, and keeps no time from everybody."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from baton_events.booking import AppointmentBooked, WaitlistClaimed, WaitlistLapsed, WaitlistOffered
from shared import crash
from shared.crash import CrashedError, CrashPoint
from shared.errors import Unavailable
from tests.booking.waiting import (
    QUARTER,
    claim,
    crowd,
    give_back,
    holder,
    live,
    offered,
    s,
    services,
    settled,
    taken,
    told,
    wait_for,
)

if TYPE_CHECKING:
    from tests.support.stack import Stack

__all__ = ["s", "services"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
LAPSING = [CrashPoint.DEADLINE_CLAIMED, CrashPoint.DEADLINE_FIRED, CrashPoint.DEADLINE_COMMITTED]


async def died(s: Stack) -> None:
    """Wait until booking has died where it was to, and start it again."""
    async with asyncio.timeout(15):
        with suppress(CrashedError, BaseExceptionGroup):
            await s.services["booking"].wait()
    assert not crash._armed, "it died of something else"
    await s.restart("booking")


@pytest.mark.parametrize("point", [CrashPoint.WAITLIST_OFFERED, CrashPoint.WAITLIST_COMMITTED])
async def test_a_time_is_offered_once_when_the_service_dies_while_offering_it(s: Stack, point: CrashPoint) -> None:
    people = await crowd(s, 3)
    states = [await wait_for(s, token=token) for _, token in people]
    booked = await taken(s)
    await s.quiet()
    crash.arm(point)
    await give_back(s, booked)
    await died(s)
    assert await holder(s) == people[0][0]
    assert await s.fetchval("booking", "SELECT count(*) FROM claim") == 1
    assert [len(await told(s, WaitlistOffered, state.wait)) for state in states] == [1, 0, 0]
    s.clock.advance(QUARTER)
    assert await holder(s) == people[1][0]


@pytest.mark.parametrize("point", LAPSING)
async def test_a_claim_lapses_once_and_the_next_is_asked_when_the_service_dies(s: Stack, point: CrashPoint) -> None:
    people = await crowd(s, 2)
    states = [await wait_for(s, token=token) for _, token in people]
    booked = await taken(s)
    await give_back(s, booked)
    await offered(s, people[0][0], token=people[0][1])
    await s.quiet()
    crash.arm(point)
    s.clock.advance(QUARTER)
    await died(s)
    assert await holder(s) == people[1][0]
    assert [len(await told(s, WaitlistLapsed, state.wait)) for state in states] == [1, 0]
    assert [len(await told(s, WaitlistOffered, state.wait)) for state in states] == [1, 1]


@pytest.mark.parametrize("point", [CrashPoint.OUTBOX_ADDED, CrashPoint.OUTBOX_COMMITTED])
async def test_a_time_is_taken_wholly_or_not_at_all_when_the_service_dies(s: Stack, point: CrashPoint) -> None:
    state = await wait_for(s)
    booked = await taken(s)
    await give_back(s, booked)
    got, key = await offered(s), str(uuid4())
    await settled(s)
    crash.arm(point)
    with suppress(Unavailable):
        await claim(s, got, key=key, seconds=1)
    await s.restart("booking")
    assert (await claim(s, got, key=key)).start == booked.start
    await settled(s)
    assert await live(s) == []
    [claimed] = await told(s, WaitlistClaimed, state.wait)
    bookings = [one.event.appointment for one in await s.events(AppointmentBooked)]
    assert bookings.count(claimed.appointment) == 1
    assert await s.fetchval("booking", "SELECT count(*) FROM appointment WHERE status = 'booked'") == 1
