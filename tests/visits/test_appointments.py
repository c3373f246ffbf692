"""Visits follow their appointments, in whatever order they hear of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest

from baton_events.booking import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled
from baton_events.codes import CancelReason, VisitKind
from baton_events.visits import GuidanceSent, VisitLeft
from shared.errors import NotFound, Refusal
from shared.requests import visits as ask
from shared.requests.booking import CANCEL, OfAppointment
from shared.requests.common import OfPatient
from tests.visits.day import AMARA, HOLD_EVENTS, MARIA, OAKLAND, RELEASE_EVENTS, SERVICES, Day, book, planned

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Open, Stack


def moved(day: Day, hours: int) -> AppointmentRescheduled:
    start = day.booked.start + timedelta(hours=hours)
    return AppointmentRescheduled(
        appointment=day.booked.appointment,
        patient=MARIA,
        clinician=AMARA,
        office=OAKLAND,
        start=start,
        end=start + timedelta(minutes=20),
    )


async def heard(s: Stack, event: AppointmentRescheduled | AppointmentCancelled, sequence: int) -> None:
    """Have visits hear of an event of the appointment with this sequence."""
    s.stream.sequences[event.appointment] = sequence - 1
    await s.handled("visits", await s.publish(event))


async def status(s: Stack, visit: UUID) -> str:
    return str(await s.fetchval("visits", "SELECT status FROM visit WHERE id = $1", visit))


async def test_a_cancelled_appointment_takes_its_visit_off_the_list(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await s.ask(CANCEL, day.appointment, as_="maria-lopez")
        await s.until(lambda: s.events(AppointmentCancelled))
        await s.quiet()
        assert (await s.ask(ask.VISITS, OfPatient(patient=MARIA), as_="maria-lopez")).visits == []
        with pytest.raises(Refusal) as refused:
            await day.check_in()
        assert refused.value.code == "appointment-given-back"


async def test_a_visit_given_back_is_no_longer_its_clinicians_to_read(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.read("ben-whitfield")
        await s.ask(CANCEL, day.appointment, as_="maria-lopez")
        await s.as_owner("directory", "UPDATE relationship SET ended_at = now() - interval '1 second'")
        await s.quiet()
        with pytest.raises(NotFound):
            await day.read("ben-whitfield")


async def test_a_cancellation_heard_of_before_its_booking_wins(stack: Open) -> None:
    async with stack("directory", "booking", "visits") as s:
        await s.as_owner("booking", HOLD_EVENTS)
        booked = await book(s)
        ask_for = OfAppointment(appointment=booked.appointment)
        given_back = AppointmentCancelled(appointment=booked.appointment, patient=MARIA, reason=CancelReason.PATIENT)
        await heard(s, given_back, 2)
        await s.as_owner("booking", RELEASE_EVENTS)
        await s.until(lambda: s.events(AppointmentBooked))
        await s.quiet()
        assert await s.events(GuidanceSent) == []
        with pytest.raises(Refusal) as refused:
            await s.ask(ask.CHECK_IN, ask_for, as_="maria-lopez")
        assert refused.value.code == "appointment-given-back"


@pytest.mark.parametrize("order", list(permutations((2, 3, 4))))
async def test_the_latest_move_wins_in_every_order(stack: Open, order: tuple[int, ...]) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        for sequence in order:
            await heard(s, moved(day, sequence), sequence)
        visit = await day.read()
        assert (visit.start, visit.clinician) == (day.booked.start + timedelta(hours=4), AMARA)
        assert visit.guidance


async def test_a_visit_that_moves_to_video_is_where_the_patient_lives(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        home = "UPDATE patient SET time_zone = 'America/Denver' WHERE id = $1"
        await s.fetch("directory", home, MARIA)
        for sequence, (kind, zone) in enumerate(
            [(VisitKind.VIDEO, "America/Denver"), (VisitKind.OFFICE, "America/Los_Angeles")], 2
        ):
            await heard(s, msgspec.structs.replace(moved(day, sequence), visit_kind=kind), sequence)
            (found,) = await s.fetch("visits", "SELECT kind, time_zone FROM visit WHERE id = $1", day.visit)
            assert (found["kind"], found["time_zone"]) == (kind, zone)


async def test_where_they_said_they_were_is_forgotten_when_the_appointment_moves(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.check_in(state="CO")
        assert await s.fetchval("visits", "SELECT state FROM visit") == "CO"
        await heard(s, moved(day, 3), 2)
        assert await s.fetchval("visits", "SELECT state FROM visit") is None


async def test_who_waits_when_the_appointment_moves_waits_no_longer(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.check_in()
        await heard(s, moved(day, 3), 2)
        assert await status(s, day.visit) == "planned"
        assert len(await s.until(lambda: s.events(VisitLeft))) == 1


async def test_a_visit_that_has_begun_stays_where_it_is(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        await heard(s, moved(day, 3), 2)
        await heard(
            s,
            AppointmentCancelled(appointment=day.booked.appointment, patient=MARIA, reason=CancelReason.ERROR),
            3,
        )
        assert await status(s, day.visit) == "in-progress"
        assert (await day.read()).start == day.booked.start


async def test_an_appointment_that_booking_does_not_know_has_no_visit(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        with pytest.raises(Refusal) as refused:
            await s.ask(ask.CHECK_IN, OfAppointment(appointment=uuid4()), as_="maria-lopez")
        assert refused.value.status == 404
