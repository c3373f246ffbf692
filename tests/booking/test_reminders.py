"""Reminders: the day before and two hours before, once each, also after an outage; none of what is not to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from baton_events.booking import AppointmentReminded
from baton_events.codes import Reminder
from baton_events.directory import ErasureApproved
from services.booking import migrations
from services.booking.model.reminders import comes_too_late, reminders
from shared.requests import video
from shared.requests.booking import CANCEL, Booked, OfAppointment
from tests.booking.moving import move, others
from tests.booking.people import AISHA, JONAS, MARIA, PACIFIC, SAMIRA, SAN_FRANCISCO, pacific
from tests.booking.visits import book, checked_in

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Open, Stack

NEW_YORK, SYDNEY = ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
DAY_BEFORE, TWO_HOURS = Reminder.DAY_BEFORE, Reminder.TWO_HOURS
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OPEN = "SELECT count(*) FROM deadline WHERE kind LIKE 'remind%' AND fired_at IS NULL AND cancelled_at IS NULL"
SET = "SELECT kind, entity, due_at FROM deadline WHERE kind LIKE 'remind%' ORDER BY kind, entity, due_at"
THURSDAY = pacific("2027-03-11T12:00")
"""Three days before the clocks of the west coast go forward."""
THE_DAY_OF_THE_CHANGE = pacific("2027-03-14T09:30")
AWAY = {
    -DAY: [],
    -MINUTE * 20: [],
    MINUTE * 20: [TWO_HOURS],
    2 * HOUR: [TWO_HOURS],
    2 * HOUR + MINUTE * 20: [DAY_BEFORE],
    20 * HOUR: [DAY_BEFORE],
}
"""How long after an outage visits begin, and what patients are reminded of then."""


def on(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "day_before"),
    [
        (on(PACIFIC, "2027-05-04T14:20"), on(PACIFIC, "2027-05-03T14:20")),
        (on(PACIFIC, "2027-03-14T09:30"), on(PACIFIC, "2027-03-13T09:30")),
        (on(PACIFIC, "2027-03-15T09:30"), on(PACIFIC, "2027-03-14T09:30")),
        (on(NEW_YORK, "2027-11-07T16:00"), on(NEW_YORK, "2027-11-06T16:00")),
        (on(NEW_YORK, "2027-11-08T16:00"), on(NEW_YORK, "2027-11-07T16:00")),
        (on(SYDNEY, "2027-04-04T10:00"), on(SYDNEY, "2027-04-03T10:00")),
        (on(PACIFIC, "2027-05-04T03:00"), on(PACIFIC, "2027-05-03T08:00")),
        (on(PACIFIC, "2027-05-04T00:00"), on(PACIFIC, "2027-05-03T08:00")),
        (on(PACIFIC, "2027-05-04T23:40"), on(PACIFIC, "2027-05-03T20:00")),
        (on(PACIFIC, "2027-11-07T01:30").replace(fold=1), on(PACIFIC, "2027-11-06T08:00")),
    ],
)
def test_the_day_before_is_by_the_clock_on_the_wall_and_by_day(start: datetime, day_before: datetime) -> None:
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    start = start.astimezone(UTC)
    assert reminders(start, zone) == {DAY_BEFORE: day_before.astimezone(UTC), TWO_HOURS: start - 2 * HOUR}


def test_a_reminder_gives_way_to_the_next_one_and_to_the_visit() -> None:
    start = pacific("2027-05-04T14:20")
    assert not comes_too_late(DAY_BEFORE, start, start - 2 * HOUR - SECOND)
    assert comes_too_late(DAY_BEFORE, start, start - 2 * HOUR)
    assert not comes_too_late(TWO_HOURS, start, start - SECOND)
    assert comes_too_late(TWO_HOURS, start, start)


async def at(s: Stack, moment: datetime) -> None:
    s.clock.set(moment, still=True)
    await s.quiet()


async def told(s: Stack, booked: Booked | UUID) -> list[tuple[Reminder, datetime]]:
    """What the patient was reminded of: which visit, at what time it begins, in order."""
    appointment = booked.appointment if isinstance(booked, Booked) else booked
    found = (one.event for one in await s.events(AppointmentReminded))
    return [(event.reminder, event.start) for event in found if event.appointment == appointment]


async def on_the_day_of_the_change(s: Stack, who: str = "maria-lopez", **wanted: object) -> Booked:
    await at(s, THURSDAY)
    booked = await book(s, who, office=SAN_FRANCISCO, earliest=THE_DAY_OF_THE_CHANGE, **wanted)
    assert THE_DAY_OF_THE_CHANGE <= booked.start < THE_DAY_OF_THE_CHANGE + 2 * HOUR
    return booked


async def book_at(s: Stack, start: datetime) -> Booked:
    booked = await book(s, office=SAN_FRANCISCO, earliest=start, latest=start)
    assert booked.start == start
    return booked


async def test_each_reminder_comes_once_also_after_an_outage_and_when_the_clocks_change(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        visit = await on_the_day_of_the_change(s)
        start = visit.start
        await at(s, start - 23 * HOUR - SECOND)
        assert await told(s, visit) == [], "the night is an hour shorter"
        await at(s, start - 23 * HOUR)
        assert await told(s, visit) == [(DAY_BEFORE, start)]
        await s.stop("booking")
        s.clock.set(start - HOUR, still=True)
        await s.start("booking")
        await s.quiet()
        await s.restart("booking")
        await at(s, start + HOUR)
        assert await told(s, visit) == [(DAY_BEFORE, start), (TWO_HOURS, start)]
        [first, _] = [one.event for one in await s.events(AppointmentReminded)]
        assert first == AppointmentReminded(
            appointment=visit.appointment, patient=MARIA, reminder=DAY_BEFORE, start=start
        )


async def test_after_a_long_outage_only_what_still_helps_is_said(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        back = (await on_the_day_of_the_change(s)).start
        begins = {one.start - back: one for one in [await book_at(s, back + away) for away in AWAY]}
        await s.stop("booking")
        s.clock.set(back, still=True)
        await s.start("booking")
        await s.quiet()
        said = {away: [reminder for reminder, _ in await told(s, one)] for away, one in begins.items()}
        assert said == AWAY


async def test_what_is_given_back_begun_or_forgotten_with_its_patient_is_not_reminded_of(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        cancelled = await on_the_day_of_the_change(s)
        erased = await on_the_day_of_the_change(s, "aisha-khan", patient=SAMIRA)
        begun = await on_the_day_of_the_change(s, "aisha-khan", patient=AISHA)
        assert await s.fetchval("booking", OPEN) == 6
        await s.ask(CANCEL, OfAppointment(appointment=cancelled.appointment), as_="maria-lopez")
        assert await s.fetchval("booking", OPEN) == 4
        await s.handled(
            "booking",
            await s.publish(
                ErasureApproved(
                    erasure=SAMIRA,
                    patient=SAMIRA,
                )
            ),
        )
        assert await s.fetchval("booking", OPEN) == 2
        await s.handled("booking", await s.publish(checked_in(begun, AISHA)))
        await at(s, cancelled.start - 20 * HOUR)
        await at(s, cancelled.start - HOUR)
        assert [await told(s, one) for one in (cancelled, erased, begun)] == [[], [], []]


async def test_what_moves_is_reminded_of_at_its_new_time_only(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        visit = await on_the_day_of_the_change(s)
        [later, *_] = await others(s, visit.appointment, earliest=visit.start + DAY)
        await move(s, visit.appointment, later)
        [back, *_] = await others(s, visit.appointment, earliest=visit.start, latest=visit.start)
        await move(s, visit.appointment, back)
        [last, *_] = await others(s, visit.appointment, earliest=visit.start + DAY)
        await move(s, visit.appointment, last)
        assert await s.fetchval("booking", OPEN) == 2
        await at(s, visit.start)
        assert await told(s, visit) == [(DAY_BEFORE, last.start)]
        await at(s, last.start - HOUR)
        assert await told(s, visit) == [(DAY_BEFORE, last.start), (TWO_HOURS, last.start)]


async def test_what_is_soon_is_reminded_of_by_what_is_left_and_a_call_at_once_by_nothing(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        s.clock.set(pacific("2027-03-11T09:00"), still=True)
        await book(s, office=SAN_FRANCISCO, earliest=s.clock() + 20 * HOUR)
        assert [row["kind"] for row in await s.fetch("booking", SET)] == ["remind-two-hours"]
        await book(s, "aisha-khan", patient=SAMIRA, office=SAN_FRANCISCO, latest=s.clock() + 2 * HOUR)
        wanted = video.RequestVideo(patient=JONAS, reason="a rash")
        waits = await s.ask(video.REQUEST_VIDEO, wanted, as_="jonas-weber")
        await s.ask(video.CONNECT_VIDEO, video.OfVideo(video=waits.video), as_="dana-reyes")
        assert await s.fetchval("booking", OPEN) == 1


async def test_what_was_booked_before_there_were_reminders_is_reminded_of_alike(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        s.clock.set(datetime.now(UTC), still=True)
        for days in range(1, 8):
            await book(s, office=SAN_FRANCISCO, earliest=s.clock() + days * DAY)
        await book(s, "jonas-weber", earliest=s.clock() + 5 * DAY)
        before = await s.fetch("booking", SET)
        assert len(before) in {15, 16}
        [path] = migrations_named("reminders")
        up, down = path.read_text(encoding="utf-8").split("-- migrate:up")[1].split("-- migrate:down")
        await s.as_owner("booking", down)
        assert await s.fetch("booking", SET) == []
        await s.as_owner("booking", up)
        assert await s.fetch("booking", SET) == before


def migrations_named(name: str) -> list[Path]:
    return list(Path(migrations.__path__[0]).glob(f"*_{name}.sql"))
