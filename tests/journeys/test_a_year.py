"""A year of a practice's clock: what is due comes once and on time, through outages and both changes of the clocks."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from baton_events.booking import AppointmentNoShow, AppointmentReminded
from baton_events.handoffs import HandoffEscalated, HandoffOpened
from baton_events.messaging import FollowUpSent
from baton_events.visits import GuidanceRepeated, GuidanceSent
from shared.requests import booking, messaging, moves, visits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.stack import Open, Stack

pytestmark = pytest.mark.timeout(300)

PACIFIC, MOUNTAIN = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/Denver")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SETTLED_SECONDS = 30.0
PATIENTS = {
    "Maria": ("maria-lopez", UUID("9a71e000-0000-4000-8000-000000000001"), "ben-whitfield", PACIFIC),
    "Jonas": ("jonas-weber", UUID("9a71e000-0000-4000-8000-000000000002"), "chen-liu", MOUNTAIN),
    "Samira": ("aisha-khan", UUID("9a71e000-0000-4000-8000-000000000004"), "amara-okafor", PACIFIC),
}
KEPT, LATE, MOVED, CANCELLED, CALLED_OFF, FORGOTTEN = "kept", "late", "moved", "cancelled", "called off", "forgotten"
"""Called off is cancelled after the first reminder; late are the room, the summary and the message that evening."""
THE_YEAR = {
    date(2027, 1, 12): {"Maria": KEPT, "Jonas": LATE, "Samira": FORGOTTEN},
    date(2027, 2, 16): {"Maria": KEPT, "Jonas": MOVED, "Samira": CANCELLED},
    date(2027, 3, 13): {"Maria": KEPT, "Jonas": FORGOTTEN},
    date(2027, 3, 14): {"Maria": LATE, "Jonas": KEPT, "Samira": CALLED_OFF},
    date(2027, 3, 15): {"Maria": MOVED, "Samira": KEPT},
    date(2027, 5, 18): {"Maria": KEPT, "Jonas": CANCELLED, "Samira": KEPT},
    date(2027, 7, 13): {"Maria": LATE, "Jonas": LATE},
    date(2027, 9, 14): {"Maria": FORGOTTEN, "Jonas": KEPT},
    date(2027, 11, 6): {"Maria": MOVED, "Jonas": LATE},
    date(2027, 11, 7): {"Maria": KEPT, "Samira": LATE},
    date(2027, 11, 8): {"Jonas": KEPT, "Samira": FORGOTTEN},
    date(2027, 12, 14): {"Maria": KEPT, "Samira": CALLED_OFF},
}


def at(day: date, clock: str) -> datetime:
    """When a clock on the west coast shows this, UTC."""
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=PACIFIC).astimezone(UTC)


OUTAGES = (
    (("booking",), at(date(2027, 2, 15), "13:00"), at(date(2027, 2, 15), "18:00")),
    (("booking", "visits", "handoffs"), at(date(2027, 3, 13), "23:00"), at(date(2027, 3, 14), "05:00")),
    (("booking", "visits"), at(date(2027, 5, 17), "08:00"), at(date(2027, 5, 18), "12:30")),
    (("handoffs",), at(date(2027, 7, 13), "15:30"), at(date(2027, 7, 14), "07:00")),
    (("booking",), at(date(2027, 9, 14), "14:10"), at(date(2027, 9, 14), "20:00")),
    (("visits", "handoffs"), at(date(2027, 11, 6), "22:00"), at(date(2027, 11, 7), "06:00")),
)
"""Over the reminder of a day before; over the night of each change; into the last two hours; over an evening; over a
visit's end."""


def felt(service: str, moment: datetime) -> datetime:
    """When the service does what is due at that moment: then, or when it is back."""
    return next((back for names, gone, back in OUTAGES if service in names and gone <= moment < back), moment)


@dataclass
class Planned:
    """One visit of the year: what becomes of it, and what it was in the services."""

    name: str
    fate: str
    start: datetime
    booked: booking.Booked | None = None
    visit: UUID | None = None

    @property
    def appointment(self) -> UUID:
        assert self.booked is not None
        return self.booked.appointment

    @property
    def clinician(self) -> str:
        return PATIENTS[self.name][2]

    @property
    def end(self) -> datetime:
        assert self.booked is not None
        return self.start + (self.booked.end - self.booked.start)

    @property
    def over(self) -> datetime:
        """When its clinician ends it, or it is found that nobody came."""
        return self.end + MINUTE

    def expected(self) -> Counter[tuple[str, datetime]]:
        """What is to happen by itself, and when."""
        local = self.start.astimezone(PATIENTS[self.name][3])
        before = local.date() - DAY
        again = datetime(before.year, before.month, before.day, 10, tzinfo=local.tzinfo).astimezone(UTC)
        day_before = datetime.combine(before, local.time(), tzinfo=local.tzinfo).astimezone(UTC)
        told = [("guidance", self.start - 3 * DAY)]
        if self.fate != CANCELLED:
            told.append(("guidance again", felt("visits", again)))
            if felt("booking", day_before) < self.start - 2 * HOUR:
                told.append(("day-before", felt("booking", day_before)))
        if self.fate not in {CANCELLED, CALLED_OFF}:
            told.append(("two-hours", felt("booking", self.start - 2 * HOUR)))
        if self.fate == FORGOTTEN:
            told.append(("no-show", felt("booking", self.over)))
        if self.fate in {KEPT, MOVED}:
            told.append(("follow-up", at(self._day, "19:00")))
        if self.fate == LATE:
            evening = datetime(local.year, local.month, local.day, 21, 30, tzinfo=local.tzinfo).astimezone(UTC)
            told.append(("visit.room late", felt("handoffs", self.start + 10 * MINUTE)))
            told.append(("visit.summarise late", felt("handoffs", self.over + 2 * HOUR)))
            told.append(("visit.follow-up late", felt("handoffs", evening)))
        return Counter(told)

    @property
    def _day(self) -> date:
        return self.start.astimezone(PACIFIC).date()

    def agenda(self, year: Year) -> list[tuple[datetime, Callable[[], Awaitable[None]]]]:
        """What people do about the visit, and when."""
        evening, morning = at(self._day, "19:00"), at(self._day + DAY, "07:15")
        steps: list[tuple[datetime, Callable[[], Awaitable[None]]]] = [(self.start - 3 * DAY, year.does(self, book))]
        if self.fate == MOVED:
            steps.append((self.start - 2 * DAY, year.does(self, move)))
        if self.fate == CANCELLED:
            steps.append((self.start - 30 * HOUR, year.does(self, cancel)))
        if self.fate == CALLED_OFF:
            steps.append((self.start - 3 * HOUR, year.does(self, cancel)))
        if self.fate in {KEPT, MOVED, LATE}:
            steps.append((self.start, year.does(self, check_in)))
            late = self.fate == LATE
            steps.append((self.start + 11 * MINUTE if late else self.start, year.does(self, begin)))
            steps.append((evening if not late else morning, year.does(self, decline if late else write)))
            steps.append((morning if late and felt("handoffs", evening) > evening else evening, year.does(self, tell)))
        return steps


@dataclass
class Year:
    """The practice, and what is still to come of the year, in order of time."""

    s: Stack
    to_come: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    number: count[int] = field(default_factory=count)

    def plan(self, moment: datetime, step: Callable[[], Awaitable[None]]) -> None:
        heapq.heappush(self.to_come, (moment, next(self.number), step))

    def does(self, planned: Planned, what: Callable[[Year, Planned], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def step() -> None:
            await what(self, planned)

        return step

    async def run(self) -> None:
        """Go from one moment to the next; whatever is due by itself is done before people act."""
        while self.to_come:
            moment, _, step = heapq.heappop(self.to_come)
            if moment != self.s.clock():
                self.s.clock.set(moment, still=True)
                await self.s.quiet(SETTLED_SECONDS)
            await step()
            if not self.to_come or self.to_come[0][0] != moment:
                await self.s.quiet(SETTLED_SECONDS)

    async def back(self, service: str) -> None:
        """The service is there again, and has done what it missed."""
        await self.s.start(service)
        await self.s.quiet(SETTLED_SECONDS)


async def nothing() -> None:
    """Time passes."""


async def book(year: Year, one: Planned) -> None:
    """Take the time, or one of the next day for what is to move, and have the clock stop where something is due."""
    who, patient, clinician, _ = PATIENTS[one.name]
    start = one.start + 26 * HOUR if one.fate == MOVED else one.start
    wish = booking.FindOffers(
        reason="a rash",
        patient=patient,
        clinician=year.s.person(clinician),
        kind="office",
        earliest=start,
        latest=start,
    )
    offers = (await year.s.ask(booking.FIND_OFFERS, wish, as_=who)).offers
    one.booked = await year.s.ask(booking.BOOK, booking.Book(offer=offers[0].offer), as_=who)
    for _, moment in one.expected():
        if moment > year.s.clock():
            year.plan(moment, nothing)
    if one.fate in {KEPT, MOVED, LATE}:
        year.plan(one.over, year.does(one, end))
    if one.fate == FORGOTTEN:
        year.plan(felt("booking", one.over), year.does(one, settle))


async def move(year: Year, one: Planned) -> None:
    """Have the visit at the time wanted after all."""
    who = PATIENTS[one.name][0]
    wish = booking.FindOffers(
        instead_of=one.appointment, clinician=year.s.person(one.clinician), earliest=one.start, latest=one.start
    )
    offers = (await year.s.ask(booking.FIND_OFFERS, wish, as_=who)).offers
    ask = moves.Reschedule(appointment=one.appointment, offer=offers[0].offer)
    await year.s.ask(moves.RESCHEDULE, ask, as_=who)


async def cancel(year: Year, one: Planned) -> None:
    await year.s.ask(booking.CANCEL, booking.OfAppointment(appointment=one.appointment), as_=PATIENTS[one.name][0])


async def check_in(year: Year, one: Planned) -> None:
    ask = booking.OfAppointment(appointment=one.appointment)
    one.visit = (await year.s.ask(visits.CHECK_IN, ask, as_=PATIENTS[one.name][0])).visit


def of_visit(one: Planned) -> visits.OfVisit:
    assert one.visit is not None
    return visits.OfVisit(visit=one.visit)


async def begin(year: Year, one: Planned) -> None:
    await year.s.ask(visits.START, of_visit(one), as_=one.clinician)


async def end(year: Year, one: Planned) -> None:
    ask = visits.EndVisit(visit=of_visit(one).visit, follow_up=True)
    await year.s.ask(visits.END, ask, as_=one.clinician)
    if one.fate != LATE:
        await tell(year, one)


async def tell(year: Year, one: Planned) -> None:
    """Write the summary, unless it is there."""
    if (await year.s.ask(visits.VISIT, of_visit(one), as_=one.clinician)).summary is None:
        ask = visits.Summarise(visit=of_visit(one).visit, summary="All is well.")
        await year.s.ask(visits.SUMMARISE, ask, as_=one.clinician)


async def write(year: Year, one: Planned) -> None:
    """Write the message of that evening."""
    opening = messaging.OpenThread(patient=PATIENTS[one.name][1])
    thread = (await year.s.ask(messaging.OPEN_THREAD, opening, as_=one.clinician)).thread
    message = messaging.Send(thread=thread, text="How is it?", follow_up_of=of_visit(one).visit)
    await year.s.ask(messaging.SEND, message, as_=one.clinician)


async def decline(year: Year, one: Planned) -> None:
    """The patient does not wait for the message any longer."""
    await year.s.ask(visits.DECLINE_FOLLOW_UP, of_visit(one), as_=PATIENTS[one.name][0])


async def settle(year: Year, one: Planned) -> None:
    """Somebody spoke with the patient who did not come."""
    ask = booking.OfAppointment(appointment=one.appointment)
    await year.s.ask(moves.SETTLE_NO_SHOW, ask, as_=one.clinician)


async def happened(s: Stack, all_: list[Planned]) -> dict[UUID, Counter[tuple[str, datetime]]]:
    """What happened by itself about each appointment, and when, by the events."""
    visit_of = {one.visit: one.appointment for one in all_ if one.visit}
    found: dict[UUID, Counter[tuple[str, datetime]]] = {one.appointment: Counter() for one in all_}
    for reminded in await s.events(AppointmentReminded):
        found[reminded.event.appointment][reminded.event.reminder.value, reminded.time] += 1
    for sent in await s.events(GuidanceSent):
        found[sent.event.appointment]["guidance", sent.time] += 1
    for again in await s.events(GuidanceRepeated):
        found[again.event.appointment]["guidance again", again.time] += 1
    for missed in await s.events(AppointmentNoShow):
        found[missed.event.appointment]["no-show", missed.time] += 1
    for written in await s.events(FollowUpSent):
        found[visit_of[written.event.visit]]["follow-up", written.time] += 1
    for late in await s.events(HandoffEscalated):
        if late.event.name.startswith("visit."):
            case = visit_of.get(late.event.case, late.event.case)
            found[case][f"{late.event.name} late", late.time] += 1
    return found


async def test_everything_due_in_a_year_comes_once_and_on_time_through_outages_and_clock_changes(stack: Open) -> None:
    async with stack("directory", "booking", "visits", "messaging", "handoffs") as s:
        year = Year(s)
        all_ = [
            Planned(name, fate, at(day, "14:00")) for day, day_s in THE_YEAR.items() for name, fate in day_s.items()
        ]
        for one in all_:
            for moment, step in one.agenda(year):
                year.plan(moment, step)
        for names, gone, back in OUTAGES:
            for name in names:
                year.plan(gone, partial(s.stop, name))
                year.plan(back, partial(year.back, name))
        year.plan(at(date(2028, 1, 10), "12:00"), nothing)
        await year.run()
        found = await happened(s, all_)
        for one in all_:
            assert found[one.appointment] == one.expected(), (one.name, one.fate, one.start)
        opened = Counter((one.event.name, one.event.case) for one in await s.events(HandoffOpened))
        assert set(opened.values()) == {1}
        climbed = Counter((one.event.handoff, one.event.rung, one.time) for one in await s.events(HandoffEscalated))
        assert set(climbed.values()) == {1}
