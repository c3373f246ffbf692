from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from baton_events.codes import RelationshipSource
from baton_events.directory import RelationshipStarted
from shared.errors import Forbidden, Invalid, NotFound
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.directory import (
    CLINICIANS,
    MAY_OPEN,
    ME,
    PATIENT,
    PEOPLE,
    REGISTER_PATIENT,
    AskMe,
    FindClinicians,
    FindPeople,
    Ground,
    RegisterPatient,
)
from tests.directory.people import AISHA, AMARA, BEN, CHEN, DANA, JONAS, MARIA, NOOR, SAMIRA
from tests.support.stack import stack

NEWCOMER = RegisterPatient(
    name="Nora Vance",
    birth_date=date(1990, 2, 3),
    state="CA",
    time_zone="America/Los_Angeles",
    latitude=37.8,
    longitude=-122.3,
    own_clinician=AMARA,
)


async def test_everybody_is_told_who_they_are() -> None:
    async with stack("directory") as s:
        maria = await s.ask(ME, AskMe(), as_="maria-lopez")
        assert (maria.person, maria.name, maria.state, maria.own_clinician) == (MARIA, "Maria Lopez", "CA", AMARA)
        noor = await s.ask(ME, AskMe(), as_="noor-haddad")
        assert (noor.name, noor.roles, noor.state) == ("Noor Haddad", ["nurse"], None)
        assert len(noor.teams) == 1


async def test_services_know_what_they_need_of_a_patient_and_the_look_is_on_record() -> None:
    async with stack("directory") as s:
        card = await s.ask(PATIENT, OfPatient(patient=MARIA), service="booking")
        assert (card.name, card.birth_date, card.state) == ("Maria Lopez", date(1984, 3, 12), "CA")
        seen = await s.ask(ACCESSES["directory"], OfPatient(patient=MARIA), as_="maria-lopez")
        assert seen.accesses[-1].actor == "service:booking"
        assert seen.accesses[-1].action == "read"
        with pytest.raises(NotFound):
            await s.ask(PATIENT, OfPatient(patient=uuid4()), service="booking")
        with pytest.raises(Forbidden):
            await s.ask(PATIENT, OfPatient(patient=MARIA), as_="olive-park", service="visits")


async def test_an_erased_patient_is_not_told_of_any_more() -> None:
    async with stack("directory") as s:
        await s.fetch("directory", "INSERT INTO erased_patient VALUES ($1, now())", MARIA)
        with pytest.raises(NotFound):
            await s.ask(PATIENT, OfPatient(patient=MARIA), service="booking")


async def test_clinicians_are_found_by_state_with_their_hours() -> None:
    async with stack("directory") as s:
        everybody = await s.ask(CLINICIANS, FindClinicians(), as_="maria-lopez")
        assert [card.name for card in everybody.clinicians] == [
            "Amara Okafor",
            "Ben Whitfield",
            "Chen Liu",
            "Dana Reyes",
        ]
        assert everybody.clinicians[0].licensed_until is None
        colorado = await s.ask(CLINICIANS, FindClinicians(state="CO"), as_="maria-lopez")
        assert {card.clinician for card in colorado.clinicians} == {AMARA, CHEN, DANA}
        amara = colorado.clinicians[0]
        assert amara.licensed_in == ["CA", "CO"]
        assert [hours.weekday for hours in amara.hours] == [1, 2, 3, 4, 5, 6, 7]
        assert amara.licensed_until == datetime(2032, 1, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_beyond_all_licences_is_refused(at: str) -> None:
    async with stack("directory") as s:
        with pytest.raises(Invalid):
            await s.ask(CLINICIANS, FindClinicians(at=datetime.fromisoformat(at)), as_="maria-lopez")


async def test_a_licence_holds_to_the_end_of_its_last_day_and_not_longer() -> None:
    async with stack("directory") as s:
        last_minute = datetime(2032, 1, 1, 7, 59, tzinfo=UTC)
        still = await s.ask(CLINICIANS, FindClinicians(state="CA", at=last_minute, clinician=BEN), service="booking")
        assert [card.clinician for card in still.clinicians] == [BEN]
        after = FindClinicians(state="CA", at=last_minute + timedelta(minutes=1), clinician=BEN)
        assert (await s.ask(CLINICIANS, after, service="booking")).clinicians == []


async def test_a_licence_that_was_ended_does_not_count() -> None:
    async with stack("directory") as s:
        await s.fetch("directory", "UPDATE licence SET ended_at = now() + interval '1 h' WHERE staff = $1", BEN)
        ask = FindClinicians(state="CA", clinician=BEN)
        (ben,) = (await s.ask(CLINICIANS, ask, service="booking")).clinicians
        assert ben.licensed_until is not None
        assert ben.licensed_until < datetime.now(UTC) + timedelta(hours=2)
        s.clock.advance(timedelta(hours=2))
        assert (await s.ask(CLINICIANS, ask, service="booking")).clinicians == []


async def test_no_clinician_is_found_where_the_practice_does_not_work() -> None:
    async with stack("directory") as s:
        await s.fetch("directory", "UPDATE licence SET state = 'ZZ' WHERE staff = $1", BEN)
        assert (await s.ask(CLINICIANS, FindClinicians(state="ZZ"), service="booking")).clinicians == []


async def test_a_service_asks_by_patient_and_a_person_only_for_themselves() -> None:
    async with stack("directory") as s:
        ask = FindClinicians(patient=JONAS)
        assert {card.clinician for card in (await s.ask(CLINICIANS, ask, service="booking")).clinicians} == {
            AMARA,
            CHEN,
            DANA,
        }
        await s.ask(CLINICIANS, ask, as_="jonas-weber")
        with pytest.raises(NotFound):
            await s.ask(CLINICIANS, ask, as_="maria-lopez")
        with pytest.raises(NotFound):
            await s.ask(CLINICIANS, FindClinicians(patient=uuid4()), service="booking")


async def test_names_of_staff_are_told_and_of_nobody_else() -> None:
    async with stack("directory") as s:
        ids = f"{BEN}, {NOOR},{MARIA},{uuid4()}"
        found = await s.ask(PEOPLE, FindPeople(ids=ids), as_="maria-lopez")
        assert [(one.name, one.credential) for one in found.people] == [("Ben Whitfield", "MD"), ("Noor Haddad", None)]
        for wrong in ("somebody", ",".join(str(uuid4()) for _ in range(51))):
            with pytest.raises(Invalid):
                await s.ask(PEOPLE, FindPeople(ids=wrong), as_="maria-lopez")


async def test_the_front_desk_takes_on_a_patient_who_is_treated_by_their_own_clinician_at_once() -> None:
    async with stack("directory") as s:
        done = await s.ask(REGISTER_PATIENT, NEWCOMER, as_="fern-dale", key="nora")
        assert await s.ask(REGISTER_PATIENT, NEWCOMER, as_="fern-dale", key="nora") == done
        ask = OfPatient(patient=done.patient)
        assert (await s.ask(MAY_OPEN, ask, as_="amara-okafor", service="visits")).ground is Ground.TREATMENT
        assert (await s.ask(PATIENT, ask, service="booking")).name == "Nora Vance"
        await s.quiet()
        started = [got.event for got in await s.events(RelationshipStarted) if got.event.patient == done.patient]
        assert [one.source for one in started] == [RelationshipSource.REGISTRATION]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"birth_date": date(2200, 1, 1)}, Invalid),
        ({"name": "Nora\0Vance"}, Invalid),
        ({"name": " "}, Invalid),
        ({"state": "CA\n"}, Invalid),
        ({"birth_date": date(1800, 1, 1)}, Invalid),
        ({"time_zone": "Mars/Olympus"}, Invalid),
        ({"time_zone": "../../etc/passwd"}, Invalid),
        ({"own_clinician": NOOR}, NotFound),
        ({"own_clinician": MARIA}, NotFound),
    ],
)
async def test_a_patient_who_cannot_be_is_refused(wrong: dict[str, object], refusal: type[Exception]) -> None:
    said = {name: getattr(NEWCOMER, name) for name in NEWCOMER.__struct_fields__}
    async with stack("directory") as s:
        with pytest.raises(refusal):
            await s.ask(REGISTER_PATIENT, RegisterPatient(**{**said, **wrong}), as_="fern-dale")


async def test_a_proxy_sees_who_looked_and_a_stranger_does_not() -> None:
    async with stack("directory") as s:
        await s.ask(PATIENT, OfPatient(patient=SAMIRA), service="visits")
        ask = OfPatient(patient=SAMIRA)
        assert len((await s.ask(ACCESSES["directory"], ask, as_=AISHA)).accesses) == 1
        with pytest.raises(NotFound):
            await s.ask(ACCESSES["directory"], ask, as_="maria-lopez")
