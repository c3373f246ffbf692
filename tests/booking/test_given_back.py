"""An appointment is the booked clinician's to read as long as it stands, at the moment it is read."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.errors import NotFound
from shared.requests.booking import APPOINTMENT, APPOINTMENTS, CANCEL, OfAppointment
from shared.requests.common import OfPatient
from tests.booking.moving import booked_at, moved
from tests.booking.people import AMARA, MARIA, SAN_FRANCISCO
from tests.booking.visits import book
from tests.support.stack import Stack, stack

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


async def reads(s: Stack, who: str) -> bool:
    """Whether Maria's record is open to them once everything was heard of."""
    await s.quiet()
    try:
        await s.ask(APPOINTMENTS, OfPatient(patient=MARIA), as_=who)
    except NotFound:
        return False
    return True


async def test_with_the_time_the_record_goes_too_from_who_was_to_see_the_patient() -> None:
    async with stack("directory", "booking") as s:
        given_back, other = await booked_at(s, 3), await booked_at(s, 30)
        await s.ask(CANCEL, OfAppointment(appointment=given_back.appointment), as_="maria-lopez")
        assert await reads(s, "ben-whitfield"), "there is another visit to come"
        await moved(s, other.appointment, clinician=AMARA)
        assert not await reads(s, "ben-whitfield")
        assert await reads(s, "amara-okafor")
