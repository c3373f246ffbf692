"""An appointment that moves in the moment in which its visit is planned or checked in to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from baton_events.booking import AppointmentRescheduled
from baton_events.visits import GuidanceSent, VisitLeft
from services.visits.operations.prepare import plan, prepare
from shared.errors import Unavailable
from shared.requests import visits as ask
from shared.requests.booking import OfAppointment
from tests.visits.day import HOLD_EVENTS, MARIA, RELEASE_EVENTS, SERVICES, book

if TYPE_CHECKING:
    from shared.requests.booking import Booked
    from tests.support.stack import Open, Stack

MOVE = "UPDATE appointment SET start_at = $2, end_at = $3 WHERE id = $1"


async def moves(s: Stack, booked: Booked, to: datetime) -> AppointmentRescheduled:
    """Have booking keep another time for the appointment; gives the event that tells of it."""
    end = to + (booked.end - booked.start)
    await s.fetch("booking", MOVE, booked.appointment, to, end)
    s.stream.sequences[booked.appointment] = 1
    return AppointmentRescheduled(
        appointment=booked.appointment,
        patient=MARIA,
        clinician=booked.clinician,
        office=booked.office,
        start=to,
        end=end,
    )


async def test_who_checked_in_for_the_new_time_still_waits_when_the_move_is_heard_of(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        await s.as_owner("booking", HOLD_EVENTS)
        booked = await book(s)
        moved = await moves(s, booked, s.clock() + timedelta(minutes=15))
        state = await s.ask(ask.CHECK_IN, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
        await s.handled("visits", await s.publish(moved))
        await s.as_owner("booking", RELEASE_EVENTS)
        await s.quiet()
        assert await s.fetchval("visits", "SELECT status FROM visit WHERE id = $1", state.visit) == "arrived"
        assert await s.events(VisitLeft) == []


async def test_a_move_heard_of_while_the_visit_is_planned_is_not_lost(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        await s.as_owner("booking", HOLD_EVENTS)
        booked = await book(s)
        ground = s.ground("visits")
        prepared = await prepare(ground, booked.appointment, None)
        moved = await moves(s, booked, booked.start + timedelta(hours=3))
        await s.handled("visits", await s.publish(moved))
        with pytest.raises(Unavailable):
            async with ground.db.transaction() as tx:
                await plan(ground, tx, prepared, s.clock())
        await s.as_owner("booking", RELEASE_EVENTS)
        await s.until(lambda: s.events(GuidanceSent))
        start = await s.fetchval("visits", "SELECT start_at FROM visit WHERE appointment = $1", booked.appointment)
        assert start == moved.start
