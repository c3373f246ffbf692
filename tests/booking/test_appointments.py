from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from baton_events.booking import AppointmentCancelled
from baton_events.codes import CancelReason
from services.booking.model.refusals import NotCancellable
from shared.errors import Invalid, NotFound
from shared.requests.booking import (
    APPOINTMENT,
    APPOINTMENT_FACTS,
    APPOINTMENTS,
    CANCEL,
    SCHEDULE,
    AppointmentStatus,
    AskSchedule,
    Booked,
    OfAppointment,
)
from shared.requests.common import ACCESSES, OfPatient
from tests.booking.people import AMARA, BEN, MARIA, OAKLAND, PACIFIC, SAMIRA, SAN_FRANCISCO
from tests.booking.visits import CANARY, book, checked_in, ended, find, first, left, started, take
from tests.support.deliver import Way, deliver
from tests.support.stack import stack

if TYPE_CHECKING:
    from baton_events import Event
    from tests.support.stack import Stack


async def status(s: Stack, booked: Booked) -> AppointmentStatus:
    answer = await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_=MARIA)
    return answer.status


async def tell(s: Stack, event: Event) -> None:
    await s.handled("booking", await s.publish(event))


async def test_the_reason_is_read_by_the_patient_and_the_clinician_booked() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        for reader in ("maria-lopez", "ben-whitfield", "amara-okafor"):
            seen = await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_=reader)
            assert (seen.reason, seen.visit_type, seen.price_cents) == (CANARY, "skin", 9900)
            assert (seen.patient, seen.clinician, seen.time_zone) == (MARIA, BEN, "America/Los_Angeles")


async def test_the_booked_clinician_reads_it_also_while_the_directory_is_away() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        await s.stop("directory")
        seen = await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_="ben-whitfield")
        assert seen.reason == CANARY


async def test_to_strangers_there_is_no_appointment() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        for stranger in ("jonas-weber", "chen-liu", "noor-haddad", "aisha-khan"):
            with pytest.raises(NotFound) as refused:
                await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_=stranger)
            with pytest.raises(NotFound) as missing:
                await s.ask(APPOINTMENT, OfAppointment(appointment=uuid4()), as_=stranger)
            assert (refused.value.code, refused.value.detail) == (missing.value.code, missing.value.detail)
            with pytest.raises(NotFound):
                await s.ask(APPOINTMENTS, OfPatient(patient=MARIA), as_=stranger)


async def test_appointments_are_listed_newest_first_for_who_may_open_the_record() -> None:
    async with stack("directory", "booking") as s:
        today = await book(s)
        later = await book(s, earliest=datetime.now(UTC) + timedelta(days=2))
        for reader in ("maria-lopez", "amara-okafor"):
            listed = await s.ask(APPOINTMENTS, OfPatient(patient=MARIA), as_=reader)
            assert [one.appointment for one in listed.appointments] == [later.appointment, today.appointment]
            assert {one.reason for one in listed.appointments} == {CANARY}


async def test_every_look_is_on_record_with_who_looked() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_="ben-whitfield")
        await s.ask(APPOINTMENT_FACTS, OfAppointment(appointment=booked.appointment), service="visits")
        seen = (await s.ask(ACCESSES["booking"], OfPatient(patient=MARIA), as_="maria-lopez")).accesses
        assert [(one.actor, one.action) for one in seen[:2]] == [("service:visits", "read"), (str(BEN), "read")]


async def test_visits_learns_the_facts_and_not_the_words() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        facts = await s.ask(APPOINTMENT_FACTS, OfAppointment(appointment=booked.appointment), service="visits")
        assert (facts.patient, facts.clinician, facts.office, facts.visit_type) == (MARIA, BEN, SAN_FRANCISCO, "skin")
        assert CANARY not in repr(facts)
        with pytest.raises(NotFound):
            await s.ask(APPOINTMENT_FACTS, OfAppointment(appointment=uuid4()), service="visits")


@pytest.mark.parametrize(
    ("who", "reason"), [("maria-lopez", CancelReason.PATIENT), ("fern-dale", CancelReason.PRACTICE)]
)
async def test_a_time_given_back_is_free_again(who: str, reason: CancelReason) -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        ask = OfAppointment(appointment=booked.appointment)
        done = await s.ask(CANCEL, ask, as_=who, key="back")
        assert done.status is AppointmentStatus.CANCELLED
        assert await s.ask(CANCEL, ask, as_=who, key="back") == done
        with pytest.raises(NotCancellable):
            await s.ask(CANCEL, ask, as_=who)
        await s.quiet()
        (told,) = await s.events(AppointmentCancelled)
        assert (told.event.appointment, told.event.patient, told.event.reason) == (booked.appointment, MARIA, reason)
        assert (await first(s, "aisha-khan")).start <= booked.end


async def test_a_proxy_gives_a_time_back_and_nobody_else_does() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, "aisha-khan", patient=SAMIRA)
        booked = await take(s, offer, "aisha-khan")
        ask = OfAppointment(appointment=booked.appointment)
        elsewhere = s.token("fern-dale", teams=["front-desk:0ff1ce00-0000-4000-8000-000000000002"])
        with pytest.raises(NotFound):
            await s.ask(CANCEL, ask, token=elsewhere)
        with pytest.raises(NotFound):
            await s.ask(CANCEL, ask, as_="maria-lopez")
        with pytest.raises(NotFound):
            await s.ask(CANCEL, OfAppointment(appointment=uuid4()), as_="maria-lopez")
        await s.ask(CANCEL, ask, as_="aisha-khan")


async def test_a_visit_that_has_begun_or_is_over_cannot_be_given_back() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        ask = OfAppointment(appointment=booked.appointment)
        await tell(s, started(booked, MARIA))
        with pytest.raises(NotCancellable):
            await s.ask(CANCEL, ask, as_="maria-lopez")
        await tell(s, ended(booked, MARIA))
        with pytest.raises(NotCancellable):
            await s.ask(CANCEL, ask, as_="maria-lopez")


async def test_the_appointment_follows_the_visit() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        steps = [
            (checked_in(booked, MARIA), AppointmentStatus.ARRIVED),
            (left(booked, MARIA), AppointmentStatus.BOOKED),
            (checked_in(booked, MARIA), AppointmentStatus.ARRIVED),
            (started(booked, MARIA), AppointmentStatus.ARRIVED),
            (ended(booked, MARIA), AppointmentStatus.FULFILLED),
        ]
        for event, expected in steps:
            await tell(s, event)
            assert await status(s, booked) is expected


@pytest.mark.parametrize("way", Way)
async def test_the_appointment_is_fulfilled_however_the_visit_is_delivered(way: Way) -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        steps = [step(booked, MARIA) for step in (checked_in, started, ended)]
        await deliver(s, "booking", steps, way)
        assert await status(s, booked) is AppointmentStatus.FULFILLED
        written = "SELECT count(*) FROM audit WHERE object = $1 AND actor = 'service:booking'"
        assert await s.fetchval("booking", written, booked.appointment) == 3


async def test_the_appointment_is_fulfilled_in_whatever_order_the_visit_is_heard_of() -> None:
    async with stack("directory", "booking") as s:
        for order in permutations((checked_in, started, ended)):
            booked = await book(s)
            for event in order:
                await tell(s, event(booked, MARIA))
                await tell(s, event(booked, MARIA))
            assert await status(s, booked) is AppointmentStatus.FULFILLED


async def test_the_last_to_have_happened_counts_not_the_last_to_be_heard_of() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        await tell(s, left(booked, MARIA))
        s.clock.advance(timedelta(minutes=-1))
        await tell(s, checked_in(booked, MARIA))
        assert await status(s, booked) is AppointmentStatus.BOOKED
        s.clock.advance(timedelta(minutes=2))
        await tell(s, checked_in(booked, MARIA))
        assert await status(s, booked) is AppointmentStatus.ARRIVED


async def test_a_time_given_back_stays_given_back_when_a_check_in_is_heard_of_late() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
        await take(s, await first(s, "aisha-khan"), "aisha-khan")
        await tell(s, checked_in(booked, MARIA))
        assert await status(s, booked) is AppointmentStatus.CANCELLED


async def test_a_visit_over_early_frees_the_rest_of_the_time() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        await tell(s, ended(booked, MARIA))
        assert (await first(s, "aisha-khan")).start <= booked.end


def local_day(moment: datetime) -> date:
    return moment.astimezone(PACIFIC).date()


async def test_those_who_work_a_day_see_it_without_the_words() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        other = await book(s, "aisha-khan", office=OAKLAND, earliest=booked.start)
        day = local_day(booked.start)
        own = await s.ask(SCHEDULE, AskSchedule(day=day), as_="ben-whitfield")
        assert [one.appointment for one in own.appointments] == [booked.appointment]
        for who in ("noor-haddad", "fern-dale"):
            office = await s.ask(SCHEDULE, AskSchedule(day=day, office=SAN_FRANCISCO), as_=who)
            assert [one.appointment for one in office.appointments] == [booked.appointment]
        assert "reason" not in office.appointments[0].__struct_fields__
        elsewhere = await s.ask(SCHEDULE, AskSchedule(day=local_day(other.start), office=OAKLAND), as_="fern-dale")
        assert [one.clinician for one in elsewhere.appointments] == [AMARA]
        another_day = AskSchedule(day=day + timedelta(days=3))
        assert (await s.ask(SCHEDULE, another_day, as_="ben-whitfield")).appointments == []


async def test_a_visit_by_video_is_in_the_day_of_who_works_it_whatever_the_patients_clock_says() -> None:
    async with stack("directory", "booking") as s:
        day = local_day(s.clock()) + timedelta(days=2)
        late = datetime.combine(day, time(23, 30), tzinfo=PACIFIC)
        wanted = {"clinician": AMARA, "kind": "video", "earliest": late, "latest": late}
        booked = await book(s, "jonas-weber", **wanted)
        for office, who in ((None, "amara-okafor"), (OAKLAND, "fern-dale")):
            for asked, found in ((day, [booked.appointment]), (day + timedelta(days=1), [])):
                seen = await s.ask(SCHEDULE, AskSchedule(day=asked, office=office), as_=who)
                assert [one.appointment for one in seen.appointments] == found


async def test_the_day_of_an_office_that_is_not_theirs_is_not_there() -> None:
    async with stack("directory", "booking") as s:
        day = local_day(datetime.now(UTC))
        with pytest.raises(NotFound):
            await s.ask(SCHEDULE, AskSchedule(day=day, office=OAKLAND), as_="noor-haddad")
        with pytest.raises(Invalid):
            await s.ask(SCHEDULE, AskSchedule(day=day), as_="fern-dale")
        booked = await book(s, office=SAN_FRANCISCO)
        theirs = AskSchedule(day=local_day(booked.start), office=SAN_FRANCISCO)
        assert (await s.ask(SCHEDULE, theirs, as_="amara-okafor")).appointments == []


async def test_a_day_too_far_out_is_empty() -> None:
    async with stack("directory", "booking") as s:
        for day in (date.min, date.max):
            assert (await s.ask(SCHEDULE, AskSchedule(day=day), as_="ben-whitfield")).appointments == []


async def test_an_erased_patients_appointments_are_gone_at_once() -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s, office=SAN_FRANCISCO)
        await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", MARIA)
        with pytest.raises(NotFound):
            await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_="ben-whitfield")
        with pytest.raises(NotFound):
            await s.ask(APPOINTMENTS, OfPatient(patient=MARIA), as_="maria-lopez")
        with pytest.raises(NotFound):
            await find(s)


async def test_the_reason_and_the_kind_of_visit_stand_nowhere_in_plain() -> None:
    uncompressed = """
    ALTER TABLE offer_set ALTER sealed SET STORAGE EXTERNAL; ALTER TABLE appointment ALTER sealed SET STORAGE EXTERNAL
    """
    async with stack("directory", "booking", tables={"booking": uncompressed}) as s:
        booked = await book(s, visit_type="blood-pressure")
        await s.ask(APPOINTMENT, OfAppointment(appointment=booked.appointment), as_="amara-okafor")
        await s.quiet()
        await s.fetch("booking", "INSERT INTO offer_set VALUES ($1, $1, $1, $2, now())", uuid4(), b"a planted bird")
        everything = await contents(s, "booking") + await contents(s, "directory")
        assert "a planted bird" in everything
        for envelope in await s.stream.envelopes():
            everything += repr(envelope)
        assert str(booked.appointment) in everything
        for canary in (CANARY, "blood-pressure"):
            for form in (canary.encode(), base64.b64encode(canary.encode())[:-4]):
                assert form.decode() not in everything
                assert form.hex() not in everything


async def contents(s: Stack, service: str) -> str:
    """Every row of every table, bytes in hex and, where they can be read so, as text."""
    tables = "SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public'"
    found = ""
    for table in await s.fetch(service, tables):
        if table["name"] == "schema_migrations":
            continue
        for row in await s.fetch(service, f"SELECT * FROM {table['name']}"):  # noqa: S608 - names from the catalogue
            for value in row.values():
                found += f" {value.hex()} {value.decode(errors='replace')}" if isinstance(value, bytes) else f" {value}"
    return found
