"""What a calendar is given, read back by the parser that calendars use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
from icalendar import Calendar, Component

from baton_events.codes import VisitKind
from services.booking.model.refusals import NoSuchAppointment
from services.booking.operations.calendar import shown
from services.booking.store import appointments
from shared.errors import Forbidden, NotFound
from shared.requests.booking import CANCEL, OfAppointment
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.moves import CALENDAR
from tests.booking.moving import booked_at, fresh, moved
from tests.booking.people import DENVER, MARIA, PRACTICE, SAN_FRANCISCO
from tests.booking.visits import CANARY
from tests.support.stack import stack as opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from shared.requests.common import Content
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Stack]:
    async with opened("directory", "booking") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(services: Stack) -> AsyncIterator[Stack]:
    async with fresh(services) as empty:
        yield empty


async def asked(s: Stack, appointment: UUID, who: str | UUID = "maria-lopez") -> Content:
    return await s.ask(CALENDAR, OfAppointment(appointment=appointment), as_=who)


def read(content: Content) -> tuple[Component, Component]:
    file = Calendar.from_ical(content.body.decode())
    assert not file.errors
    (event,) = file.walk("VEVENT")
    assert not event.errors
    return file, event


async def test_a_calendar_learns_when_and_where_and_nothing_of_why(s: Stack) -> None:
    booked = await booked_at(s, office=SAN_FRANCISCO)
    content = await asked(s, booked.appointment)
    file, event = read(content)
    assert (file["METHOD"], file["VERSION"]) == ("REQUEST", "2.0")
    assert content.media_type == "text/calendar; charset=utf-8; method=REQUEST"
    assert content.name.endswith(".ics")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (str(booked.appointment), 0, "CONFIRMED")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (booked.start, booked.end)
    assert event["SUMMARY"] == "Visit"
    assert event["LOCATION"] == "San Francisco, 2300 Mission Street, San Francisco, CA 94110"
    assert (event["ORGANIZER"], event["ATTENDEE"]) == ("tel:+14155550103", f"urn:uuid:{MARIA}")
    text = content.body.decode()
    assert "DTSTART:" + booked.start.strftime("%Y%m%dT%H%M%SZ") in text
    for private in (CANARY, "skin", "rash", "Maria", "Ben"):
        assert private.lower() not in text.lower()


async def test_each_change_is_newer_than_the_one_before_and_the_last_takes_it_away(s: Stack) -> None:
    booked = await booked_at(s, office=SAN_FRANCISCO)
    for sequence in (1, 2):
        to = await moved(s, booked.appointment, kind=VisitKind.OFFICE)
        file, event = read(await asked(s, booked.appointment))
        assert (file["METHOD"], event["SEQUENCE"], event["UID"]) == ("REQUEST", sequence, str(booked.appointment))
        assert event.decoded("DTSTART") == to.start
    await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
    file, event = read(await asked(s, booked.appointment))
    assert (file["METHOD"], event["SEQUENCE"], event["STATUS"]) == ("CANCEL", 3, "CANCELLED")
    assert event["UID"] == str(booked.appointment)


async def test_a_visit_by_video_has_no_address(s: Stack) -> None:
    booked = await booked_at(s, who="jonas-weber", clinician=None, kind=VisitKind.VIDEO)
    _, event = read(await asked(s, booked.appointment, "jonas-weber"))
    assert event["LOCATION"] == "Video"


async def test_it_is_for_the_patient_their_clinician_and_the_front_desk_and_each_look_is_on_record(s: Stack) -> None:
    booked = await booked_at(s, office=SAN_FRANCISCO)
    for reader in ("maria-lopez", "ben-whitfield", "fern-dale"):
        assert (await asked(s, booked.appointment, reader)).body
    seen = (await s.ask(ACCESSES["booking"], OfPatient(patient=MARIA), as_="maria-lopez")).accesses
    assert [(one.actor, one.action) for one in seen[:3]] == [
        (str(s.person(who)), "read") for who in ("fern-dale", "ben-whitfield", "maria-lopez")
    ]
    for stranger in ("jonas-weber", "aisha-khan", "chen-liu"):
        for appointment in (booked.appointment, uuid4()):
            with pytest.raises(NoSuchAppointment):
                await asked(s, appointment, stranger)
    elsewhere = s.token("fern-dale", teams=[f"front-desk:{DENVER}"])
    with pytest.raises(NoSuchAppointment):
        await s.ask(CALENDAR, OfAppointment(appointment=booked.appointment), token=elsewhere)
    with pytest.raises(Forbidden):
        await asked(s, booked.appointment, "sam-porter")
    await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", MARIA)
    with pytest.raises(NotFound):
        await asked(s, booked.appointment)
    await s.as_owner("booking", "DELETE FROM erased_patient")


async def test_long_and_odd_addresses_are_folded_escaped_and_read_back(s: Stack) -> None:
    booked = await booked_at(s, office=SAN_FRANCISCO)
    async with (await s.db("booking")).transaction() as tx:
        row = await appointments.find(tx, booked.appointment)
    assert row is not None
    odd = "Zum Löwen; 3. Stock, \\links\\ " + "ä" * 120 + "\nEND:VEVENT"
    office = msgspec.structs.replace(PRACTICE.offices[SAN_FRANCISCO], address=odd)
    practice = msgspec.structs.replace(PRACTICE, offices={office.id: office})
    content = shown(row, practice, s.clock() + timedelta(days=1))
    assert all(len(line) <= 75 for line in content.body.split(b"\r\n"))
    _, event = read(content)
    assert event["LOCATION"] == f"San Francisco, {odd}"
