from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from baton_events.booking import AppointmentNoShow, NoShowSettled
from services.booking.model.moves import MovedMeanwhile, NotMissed, contact_due, move_due, opening_days
from services.booking.model.refusals import NoSuchAppointment, NotCancellable
from shared.errors import Forbidden
from shared.requests.booking import APPOINTMENT, CANCEL, AppointmentStatus, OfAppointment
from shared.requests.moves import SETTLE_NO_SHOW
from tests.booking.moving import booked_at, fresh, move, moved, others
from tests.booking.people import DENVER, MARIA, PACIFIC, PRACTICE, SAN_FRANCISCO, pacific
from tests.booking.visits import checked_in, ended, left, started
from tests.support.deliver import Way, deliver
from tests.support.stack import stack as opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from baton_events import Event
    from shared.requests.booking import Booked
    from tests.support.stack import Stack

on_services = pytest.mark.asyncio(loop_scope="module")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Stack]:
    async with opened("directory", "booking") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(services: Stack) -> AsyncIterator[Stack]:
    async with fresh(services) as empty:
        yield empty


async def status(s: Stack, booked: Booked) -> AppointmentStatus:
    return AppointmentStatus(await s.fetchval("booking", STATUS, booked.appointment))


STATUS = "SELECT status FROM appointment WHERE id = $1"


async def missed(s: Stack, booked: Booked) -> list[AppointmentNoShow]:
    await s.quiet()
    return [got.event for got in await s.events(AppointmentNoShow) if got.event.appointment == booked.appointment]


async def settled(s: Stack, booked: Booked) -> list[UUID]:
    await s.quiet()
    found = await s.events(NoShowSettled)
    return [got.event.settled_by for got in found if got.event.appointment == booked.appointment]


async def tell(s: Stack, event: Event) -> None:
    await s.handled("booking", await s.publish(event))


async def over(s: Stack, booked: Booked) -> None:
    """The time of the visit, and what may be heard late of it, is over."""
    s.clock.set(booked.end + MINUTE + SECOND)
    await s.quiet()


@on_services
async def test_who_does_not_come_is_somebodys_to_see_to_from_the_end_on(s: Stack) -> None:
    booked = await booked_at(s)
    s.clock.set(booked.end + MINUTE - SECOND, still=True)
    assert await missed(s, booked) == []
    assert await status(s, booked) is AppointmentStatus.BOOKED
    await over(s, booked)
    (told,) = await missed(s, booked)
    assert await status(s, booked) is AppointmentStatus.NOSHOW
    assert (told.patient, told.clinician, told.office) == (MARIA, booked.clinician, booked.office)
    assert told.contact_owner == f"team:front-desk:{booked.office}"
    local = told.contact_due.astimezone(PACIFIC)
    assert (local.hour, local.minute) == (12, 0)
    assert timedelta() < told.contact_due - s.clock() <= timedelta(hours=37)
    look = OfAppointment(appointment=booked.appointment)
    assert (await s.ask(APPOINTMENT, look, as_="maria-lopez")).status is AppointmentStatus.NOSHOW
    with pytest.raises(NotCancellable):
        await s.ask(CANCEL, look, as_="maria-lopez")


@on_services
@pytest.mark.parametrize("came", [checked_in, started, ended])
async def test_who_came_was_not_missed(s: Stack, came: Callable[[Booked, UUID], Event]) -> None:
    booked = await booked_at(s)
    s.clock.set(booked.start)
    await tell(s, came(booked, MARIA))
    await over(s, booked)
    assert await missed(s, booked) == []


@on_services
async def test_what_was_cancelled_is_not_missed(s: Stack) -> None:
    booked = await booked_at(s)
    await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
    await over(s, booked)
    assert await missed(s, booked) == []
    assert await s.fetchval("booking", "SELECT count(*) FROM deadline WHERE fired_at IS NOT NULL") == 0


@on_services
async def test_a_visit_that_moved_is_missed_at_its_new_time_only(s: Stack) -> None:
    booked = await booked_at(s)
    to = await moved(s, booked.appointment, earliest=booked.end + timedelta(hours=2))
    await over(s, booked)
    assert await missed(s, booked) == []
    s.clock.set(to.end + MINUTE + SECOND)
    assert len(await missed(s, booked)) == 1


@on_services
async def test_after_an_outage_of_days_each_is_missed_once(s: Stack) -> None:
    booked = [await booked_at(s, hours) for hours in (3, 5)]
    await s.crash("booking")
    s.clock.set(booked[1].end + timedelta(days=2))
    await s.start("booking")
    assert [len(await missed(s, one)) for one in booked] == [1, 1]


@on_services
@pytest.mark.parametrize("way", Way)
async def test_a_check_in_heard_of_late_wins_however_it_is_delivered(s: Stack, way: Way) -> None:
    booked = await booked_at(s)
    await over(s, booked)
    assert len(await missed(s, booked)) == 1
    await deliver(s, "booking", [checked_in(booked, MARIA), started(booked, MARIA)], way)
    assert await status(s, booked) is AppointmentStatus.ARRIVED
    assert await settled(s, booked) == [MARIA]
    assert len(await missed(s, booked)) == 1


@on_services
async def test_whatever_is_heard_in_whichever_order_a_visit_that_took_place_was_not_missed(s: Stack) -> None:
    for order in permutations((checked_in, started, ended)):
        for heard_before in range(3):
            booked = await booked_at(s, 1)
            for event in order[:heard_before]:
                await tell(s, event(booked, MARIA))
            await over(s, booked)
            for event in order[heard_before:]:
                await tell(s, event(booked, MARIA))
            assert await status(s, booked) is AppointmentStatus.FULFILLED
            assert len(await missed(s, booked)) == len(await settled(s, booked)) == (not heard_before)


@on_services
async def test_who_came_and_left_unseen_is_never_silently_forgotten(s: Stack) -> None:
    before_the_end, after_it, backwards = [await booked_at(s, hours) for hours in (3, 5, 7)]
    s.clock.set(before_the_end.start)
    for event in (checked_in(before_the_end, MARIA), left(before_the_end, MARIA)):
        await tell(s, event)
    await over(s, before_the_end)
    assert len(await missed(s, before_the_end)) == 1
    s.clock.set(after_it.start)
    await tell(s, checked_in(after_it, MARIA))
    await over(s, after_it)
    assert await missed(s, after_it) == []
    await tell(s, left(after_it, MARIA))
    assert len(await missed(s, after_it)) == 1
    await over(s, backwards)
    gone = left(backwards, MARIA)
    await tell(s, gone)
    s.clock.set(backwards.start)
    await tell(s, checked_in(backwards, MARIA))
    for one in (before_the_end, after_it, backwards):
        assert await status(s, one) is AppointmentStatus.NOSHOW
        assert await settled(s, one) == []


@on_services
@pytest.mark.parametrize("who", ["fern-dale", "sam-porter", "ben-whitfield", "amara-okafor"])
async def test_somebody_settles_it_once(s: Stack, who: str) -> None:
    booked = await booked_at(s, office=SAN_FRANCISCO)
    await over(s, booked)
    ask = OfAppointment(appointment=booked.appointment)
    done = await s.ask(SETTLE_NO_SHOW, ask, as_=who, key="once")
    assert done.status is AppointmentStatus.NOSHOW
    assert await s.ask(SETTLE_NO_SHOW, ask, as_=who, key="once") == done
    with pytest.raises(NotMissed):
        await s.ask(SETTLE_NO_SHOW, ask, as_=who)
    assert await settled(s, booked) == [s.person(who)]
    await tell(s, checked_in(booked, MARIA))
    assert await settled(s, booked) == [s.person(who)]


@on_services
async def test_what_was_not_missed_cannot_be_settled_and_is_hidden_from_whom_it_is_not_for(s: Stack) -> None:
    booked = await booked_at(s, office=SAN_FRANCISCO)
    ask = OfAppointment(appointment=booked.appointment)
    for who in ("fern-dale", "ben-whitfield"):
        with pytest.raises(NotMissed):
            await s.ask(SETTLE_NO_SHOW, ask, as_=who)
    await over(s, booked)
    elsewhere = s.token("fern-dale", teams=[f"front-desk:{DENVER}"])
    for token in (elsewhere, s.token("chen-liu")):
        for appointment in (booked.appointment, uuid4()):
            with pytest.raises(NoSuchAppointment):
                await s.ask(SETTLE_NO_SHOW, OfAppointment(appointment=appointment), token=token)
    with pytest.raises(Forbidden):
        await s.ask(SETTLE_NO_SHOW, ask, as_="maria-lopez")
    other = await booked_at(s, 30, office=SAN_FRANCISCO)
    with pytest.raises(NoSuchAppointment):
        await s.ask(SETTLE_NO_SHOW, OfAppointment(appointment=other.appointment), as_="sam-porter")


@on_services
async def test_a_missed_visit_can_be_moved_and_missed_again(s: Stack) -> None:
    booked = await booked_at(s)
    stale = (await others(s, booked.appointment, earliest=s.clock() + timedelta(hours=6)))[0]
    await over(s, booked)
    to = await moved(s, booked.appointment, "maria-lopez")
    assert to.status is AppointmentStatus.BOOKED
    with pytest.raises(NotMissed):
        await s.ask(SETTLE_NO_SHOW, OfAppointment(appointment=booked.appointment), as_=booked.clinician)
    s.clock.set(datetime.now(UTC))
    with pytest.raises(MovedMeanwhile):
        await move(s, booked.appointment, stale)
    s.clock.set(to.end + MINUTE + SECOND)
    assert len(await missed(s, booked)) == 2
    assert await settled(s, booked) == []


@on_services
async def test_of_an_erased_patient_nobody_is_told(s: Stack) -> None:
    booked = await booked_at(s)
    await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", MARIA)
    await over(s, booked)
    assert await missed(s, booked) == []
    await s.as_owner("booking", "DELETE FROM erased_patient")


@pytest.mark.parametrize(
    ("days", "now", "due"),
    [
        ({1, 2, 3, 4, 5}, "2026-11-24 09:00", "2026-11-25 12:00"),
        ({1, 2, 3, 4, 5}, "2026-11-27 18:00", "2026-11-30 12:00"),
        ({3}, "2026-11-25 08:00", "2026-12-02 12:00"),
        ({7}, "2026-10-31 23:30", "2026-11-01 12:00"),
        ({7}, "2027-03-13 23:30", "2027-03-14 12:00"),
        (set(), "2026-11-24 09:00", "2026-11-25 09:00"),
    ],
)
def test_contact_is_due_at_noon_of_the_next_day_the_office_is_open(days: set[int], now: str, due: str) -> None:
    assert contact_due(frozenset(days), PACIFIC, pacific(now)) == pacific(due)


def test_an_office_is_open_on_the_days_on_which_somebody_works_there() -> None:
    assert opening_days(PRACTICE.staff.values(), SAN_FRANCISCO) == frozenset(range(1, 8))
    assert opening_days(PRACTICE.staff.values(), uuid4()) == frozenset()
    assert contact_due(frozenset(), ZoneInfo("UTC"), datetime(2026, 11, 24, tzinfo=UTC)).day == 25


def test_a_move_is_due_in_half_the_time_left_and_within_a_day() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert move_due(now + timedelta(days=30), now) == now + timedelta(hours=24)
    assert move_due(now + timedelta(hours=10), now) == now + timedelta(hours=5)
    assert move_due(now, now) == now
