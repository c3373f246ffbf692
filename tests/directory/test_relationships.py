from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
import pytest

from baton_events.booking import AppointmentCancelled, AppointmentRescheduled
from baton_events.codes import CancelReason, RelationshipSource
from baton_events.directory import RelationshipEnded, RelationshipStarted
from baton_events.messaging import ThreadClaimed, ThreadHandedOver
from baton_events.visits import VisitStarted
from shared.errors import Conflict, Forbidden, NotFound
from shared.requests.common import OfPatient
from shared.requests.directory import (
    MAY_OPEN,
    MAY_PRESCRIBE,
    REGISTER_RELATIONSHIP,
    AskMayPrescribe,
    Ground,
    RegisterRelationship,
)
from tests.directory.people import (
    AMARA,
    BEN,
    CHEN,
    DANA,
    JONAS,
    MARIA,
    SAMIRA,
    booked,
    consult_of,
    registration,
)
from tests.support.deliver import Way, deliver
from tests.support.stack import stack

if TYPE_CHECKING:
    from tests.support.stack import Stack


async def may_open(s: Stack, who: str | UUID, patient: UUID = MARIA) -> Ground | None:
    answer = await s.ask(MAY_OPEN, OfPatient(patient=patient), as_=who, service="visits")
    return answer.ground


async def register(s: Stack, asked: RegisterRelationship) -> None:
    await s.ask(REGISTER_RELATIONSHIP, asked, service="booking", key=str(asked.relationship))


async def test_a_record_opens_to_its_patient_their_proxy_and_who_treats_them_and_to_nobody_else() -> None:
    async with stack("directory") as s:
        assert await may_open(s, "maria-lopez") is Ground.SELF
        assert await may_open(s, "aisha-khan", SAMIRA) is Ground.PROXY
        assert await may_open(s, "amara-okafor") is Ground.TREATMENT
        assert await may_open(s, "ben-whitfield") is None
        assert await may_open(s, "samira-khan", UUID("9a71e000-0000-4000-8000-000000000003")) is None
        for stranger in ("jonas-weber", "noor-haddad", "fern-dale", "sam-porter", "olive-park", "petra-voss"):
            assert await may_open(s, stranger) is None
        assert await may_open(s, "amara-okafor", uuid4()) is None


async def test_a_proxy_grant_that_has_ended_opens_nothing() -> None:
    async with stack("directory") as s:
        await s.as_owner("directory", "UPDATE proxy SET ended_at = now() + interval '1 hour'")
        assert await may_open(s, "aisha-khan", SAMIRA) is Ground.PROXY
        s.clock.advance(timedelta(hours=2))
        assert await may_open(s, "aisha-khan", SAMIRA) is None


async def test_a_registered_relationship_counts_until_it_lapses() -> None:
    async with stack("directory") as s:
        await register(s, registration(lapses=timedelta(minutes=15)))
        assert await may_open(s, "ben-whitfield") is Ground.TREATMENT
        s.clock.advance(timedelta(minutes=16))
        assert await may_open(s, "ben-whitfield") is None


async def test_the_booking_confirms_the_relationship_and_says_so() -> None:
    async with stack("directory") as s:
        asked = registration()
        await register(s, asked)
        await s.handled("directory", await s.publish(booked(asked)))
        s.clock.advance(timedelta(days=30))
        assert await may_open(s, "ben-whitfield") is Ground.TREATMENT
        await s.quiet()
        told = [got.event for got in await s.events(RelationshipStarted) if got.event.clinician == BEN]
        assert [(one.relationship, one.patient) for one in told] == [(asked.relationship, MARIA)]


async def test_a_booking_heard_of_after_the_lapse_confirms_all_the_same() -> None:
    async with stack("directory") as s:
        asked = registration(lapses=timedelta(minutes=15))
        await register(s, asked)
        s.clock.advance(timedelta(hours=3))
        assert await may_open(s, "ben-whitfield") is None
        await s.handled("directory", await s.publish(booked(asked)))
        assert await may_open(s, "ben-whitfield") is Ground.TREATMENT


async def test_a_booking_heard_of_before_the_registration_or_twice_starts_one_relationship() -> None:
    async with stack("directory") as s:
        asked = registration()
        event = booked(asked)
        await s.handled("directory", await s.publish(event))
        await s.handled("directory", await s.publish(event))
        await register(s, asked)
        s.clock.advance(timedelta(days=1))
        assert await may_open(s, "ben-whitfield") is Ground.TREATMENT
        await s.quiet()
        assert len([got for got in await s.events(RelationshipStarted) if got.event.clinician == BEN]) == 1


@pytest.mark.parametrize("way", Way)
async def test_bookings_start_relationships_however_they_are_delivered(way: Way) -> None:
    async with stack("directory") as s:
        known, unheard_of = registration(), registration(patient=JONAS)
        await register(s, known)
        await deliver(s, "directory", [booked(known), booked(unheard_of)], way)
        s.clock.advance(timedelta(days=1))
        assert await may_open(s, BEN, MARIA) is await may_open(s, BEN, JONAS) is Ground.TREATMENT
        told = [got.event for got in await s.events(RelationshipStarted) if got.event.clinician == BEN]
        assert {event.relationship for event in told} == {known.relationship, unheard_of.relationship}
        assert len(told) == 2


@pytest.mark.parametrize("way", Way)
async def test_what_is_given_back_or_moved_to_a_colleague_opens_the_record_no_more(way: Way) -> None:
    async with stack("directory") as s:
        given_back, moved, to, own = registration(), registration(DANA), registration(CHEN), registration(AMARA)
        for asked in (given_back, moved, to, own):
            await register(s, asked)
        events = [booked(asked) for asked in (given_back, moved, own)]
        place = {"office": events[1].office, "start": events[1].start, "end": events[1].end}
        over: list[AppointmentCancelled | AppointmentRescheduled] = [
            AppointmentCancelled(
                appointment=event.appointment,
                patient=MARIA,
                reason=CancelReason.PATIENT,
                relationship=event.relationship,
            )
            for event in (events[0], events[2])
        ]
        over.append(
            AppointmentRescheduled(
                appointment=events[1].appointment,
                patient=MARIA,
                clinician=CHEN,
                relationship=to.relationship,
                former=moved.relationship,
                **place,
            )
        )
        await deliver(s, "directory", [*events, *over], way)
        assert [await may_open(s, who) for who in (BEN, DANA)] == [None, None]
        assert [await may_open(s, who) for who in (CHEN, AMARA)] == [Ground.TREATMENT] * 2
        ended = [got.event for got in await s.events(RelationshipEnded)]
        assert {one.relationship for one in ended} == {given_back.relationship, moved.relationship}
        assert {one.clinician for one in ended} == {BEN, DANA}
        assert len(ended) == 2


@pytest.mark.parametrize("way", Way)
async def test_who_begins_a_visit_while_its_time_is_given_back_has_the_record_open(way: Way) -> None:
    async with stack("directory") as s:
        asked = registration()
        await register(s, asked)
        event = booked(asked)
        given_back = AppointmentCancelled(
            appointment=event.appointment, patient=MARIA, reason=CancelReason.PATIENT, relationship=asked.relationship
        )
        begins = VisitStarted(visit=uuid4(), appointment=event.appointment, patient=MARIA, clinician=BEN)
        await deliver(s, "directory", [event, begins, given_back], way)
        s.clock.advance(timedelta(days=1))
        assert await may_open(s, BEN, MARIA) is Ground.TREATMENT
        told = [*await s.events(RelationshipStarted), *await s.events(RelationshipEnded)]
        last = max((got for got in told if got.event.clinician == BEN), key=lambda got: got.stream_sequence)
        assert isinstance(last.event, RelationshipStarted)


@pytest.mark.parametrize("way", Way)
async def test_consults_and_whoever_takes_them_over_start_relationships_however_they_are_delivered(way: Way) -> None:
    async with stack("directory") as s:
        known = registration()
        await register(s, known)
        started = consult_of(known)
        over = [
            ThreadClaimed(thread=started.thread, patient=MARIA, claimed_by=DANA, relationship=uuid4()),
            ThreadHandedOver(
                thread=started.thread,
                patient=MARIA,
                handed_over_by=DANA,
                owner=f"clinician:{CHEN}",
                assigned=CHEN,
                relationship=uuid4(),
            ),
        ]
        await deliver(s, "directory", [started, *over], way)
        s.clock.advance(timedelta(days=1))
        for clinician in (BEN, DANA, CHEN):
            assert await may_open(s, clinician, MARIA) is Ground.TREATMENT
        told = [got.event for got in await s.events(RelationshipStarted) if got.event.clinician != AMARA]
        wanted = {known.relationship, *(one.relationship for one in over)}
        assert {event.relationship for event in told if event.patient == MARIA} == wanted
        assert {event.source for event in told if event.patient == MARIA} == {RelationshipSource.CONSULT}


async def test_a_thread_taken_over_that_is_no_consult_starts_nothing() -> None:
    async with stack("directory") as s:
        await s.handled("directory", await s.publish(ThreadClaimed(thread=uuid4(), patient=MARIA, claimed_by=DANA)))
        to_a_team = ThreadHandedOver(thread=uuid4(), patient=MARIA, handed_over_by=DANA, owner="team:care")
        await s.handled("directory", await s.publish(to_a_team))
        assert await may_open(s, DANA, MARIA) is None


async def test_a_relationship_that_has_ended_opens_nothing() -> None:
    async with stack("directory") as s:
        await s.fetch("directory", "UPDATE relationship SET ended_at = now() WHERE clinician = $1", AMARA)
        s.clock.advance(timedelta(seconds=5))
        assert await may_open(s, "amara-okafor") is None


async def test_registering_again_is_registering_once() -> None:
    async with stack("directory") as s:
        asked = registration()
        await register(s, asked)
        await register(s, asked)
        await s.ask(REGISTER_RELATIONSHIP, asked, service="booking", key="another-key-for-the-same")
        assert await s.fetchval("directory", "SELECT count(*) FROM relationship WHERE clinician = $1", BEN) == 1


async def test_registering_again_counts_for_longer_and_never_for_less() -> None:
    async with stack("directory") as s:
        asked = registration()
        for minutes, key in ((15, "first"), (5, "second"), (30, "third")):
            lapses_at = asked.lapses_at + timedelta(minutes=minutes - 15)
            again = msgspec.structs.replace(asked, lapses_at=lapses_at)
            await s.ask(REGISTER_RELATIONSHIP, again, service="booking", key=key)
        s.clock.advance(timedelta(minutes=29))
        assert await may_open(s, "ben-whitfield") is Ground.TREATMENT
        s.clock.advance(timedelta(minutes=2))
        assert await may_open(s, "ben-whitfield") is None


async def test_an_id_stands_between_two_people_only() -> None:
    async with stack("directory") as s:
        asked = registration()
        await register(s, asked)
        other = RegisterRelationship(
            relationship=asked.relationship,
            patient=JONAS,
            clinician=BEN,
            source=asked.source,
            lapses_at=asked.lapses_at,
        )
        with pytest.raises(Conflict):
            await s.ask(REGISTER_RELATIONSHIP, other, service="booking")


async def test_strangers_have_no_relationship() -> None:
    async with stack("directory") as s:
        with pytest.raises(NotFound):
            await register(s, registration(patient=uuid4()))
        with pytest.raises(NotFound):
            await register(s, registration(clinician=uuid4()))


async def test_only_booking_and_messaging_register_relationships() -> None:
    async with stack("directory") as s:
        with pytest.raises(Forbidden):
            await s.ask(REGISTER_RELATIONSHIP, registration(), as_="ben-whitfield", service="booking")


async def may_prescribe(s: Stack, who: str, patient: UUID = MARIA, ahead: timedelta = timedelta()) -> str | None:
    ask = AskMayPrescribe(patient=patient, at=datetime.now(UTC) + ahead)
    answer = await s.ask(MAY_PRESCRIBE, ask, as_=who, service="pharmacy")
    assert answer.allowed == (answer.lacking is None)
    return answer.lacking


async def test_prescribing_takes_authority_relationship_and_licence() -> None:
    async with stack("directory") as s:
        assert await may_prescribe(s, "amara-okafor") is None
        assert await may_prescribe(s, "ben-whitfield") == "relationship"
        await register(s, registration())
        assert await may_prescribe(s, "ben-whitfield") is None
        await register(s, registration(patient=JONAS))
        assert await may_prescribe(s, "ben-whitfield", JONAS) == "licence"
        assert await may_prescribe(s, "amara-okafor", ahead=timedelta(days=365 * 20)) == "licence"
        assert await may_prescribe(s, "amara-okafor", uuid4()) == "relationship"
        await s.fetch("directory", "UPDATE staff SET prescribes = false WHERE id = $1", AMARA)
        assert await may_prescribe(s, "amara-okafor") == "authority"


async def test_a_licence_taken_away_ends_prescribing() -> None:
    async with stack("directory") as s:
        await s.fetch("directory", "UPDATE licence SET ended_at = now() WHERE staff = $1 AND state = 'CA'", AMARA)
        s.clock.advance(timedelta(seconds=5))
        assert await may_prescribe(s, "amara-okafor") == "licence"
