"""An appointment is the booked clinician's to read as long as it stands, at the moment it is read."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.errors import NotFound
from shared.requests.booking import APPOINTMENT, OfAppointment
from tests.booking.people import SAN_FRANCISCO
from tests.booking.visits import book
from tests.support.stack import stack

READING = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM erased_patient WHERE%'
"""
GIVEN_BACK = "UPDATE appointment SET status = 'cancelled', cancelled_at = now(), cancelled_by = patient"


async def test_a_time_given_back_while_the_booked_clinician_reads_is_not_theirs_any_more() -> None:
    async with stack("directory", "booking") as s:
        ask = OfAppointment(appointment=(await book(s, office=SAN_FRANCISCO)).appointment)
        await s.ask(APPOINTMENT, ask, as_="ben-whitfield")
        owner = await asyncpg.connect(s.servers.postgres.urls("booking", "booking_owner")[0])
        async with owner.transaction():
            await owner.execute("LOCK TABLE erased_patient")
            reading = asyncio.create_task(s.ask(APPOINTMENT, ask, as_="ben-whitfield"))
            await s.until(lambda: s.fetchval("booking", READING))
            await owner.execute(GIVEN_BACK)
        with pytest.raises(NotFound):
            await reading
        await owner.close()
