"""A patient's erasure: asked for, withdrawn, approved for good, completed when every service has confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.codes import RelationshipSource, ServiceName
from baton_events.common import ERASURE_CONFIRMED
from baton_events.directory import ErasureApproved, ErasureCompleted, ErasureRequested, ErasureWithdrawn
from deploy.wires import KEEPERS as INSTALLED
from services.directory.model.erasure import KEEPERS
from shared.errors import Conflict, Forbidden, NotFound
from shared.requests import directory as asks
from shared.requests.common import OfPatient
from shared.requests.directory import ErasureStatus, OfErasure
from tests.support.deliver import Way

if TYPE_CHECKING:
    from baton_events import Event
    from tests.support.stack import Open, Stack

MARIA, JONAS, PETRA, AMARA = "maria-lopez", "jonas-weber", "petra-voss", "amara-okafor"


async def requested(s: Stack, who: str = MARIA) -> UUID:
    ask = asks.RequestErasure(patient=s.person(MARIA))
    return (await s.ask(asks.REQUEST_ERASURE, ask, as_=who)).erasure


async def approved(s: Stack) -> UUID:
    erasure = await requested(s)
    await s.ask(asks.APPROVE_ERASURE, OfErasure(erasure=erasure), as_=PETRA)
    return erasure


def confirmed(s: Stack, erasure: UUID, service: ServiceName) -> Event:
    return ERASURE_CONFIRMED[service](erasure=erasure, patient=s.person(MARIA), service=service)


def test_every_service_that_keeps_records_must_confirm() -> None:
    assert {service.value for service in KEEPERS} == set(INSTALLED)


async def test_a_patient_asks_once_and_an_officer_for_anybody(stack: Open) -> None:
    async with stack("directory") as s:
        maria = s.person(MARIA)
        done = await s.ask(asks.REQUEST_ERASURE, asks.RequestErasure(patient=maria), as_=MARIA, key="one")
        assert done.due - s.clock() <= timedelta(hours=24)
        assert done == await s.ask(asks.REQUEST_ERASURE, asks.RequestErasure(patient=maria), as_=MARIA, key="one")
        for who in (MARIA, PETRA):
            with pytest.raises(Conflict):
                await requested(s, who)
        for who, refusal in ((JONAS, NotFound), (AMARA, Forbidden), ("sam-porter", Forbidden)):
            with pytest.raises(refusal):
                await requested(s, who)
        with pytest.raises(NotFound):
            await s.ask(asks.REQUEST_ERASURE, asks.RequestErasure(patient=uuid4()), as_=PETRA)
        await s.ask(asks.REQUEST_ERASURE, asks.RequestErasure(patient=s.person(JONAS)), as_=PETRA)
        await s.quiet()
        assert next(event.event for event in await s.events(ErasureRequested)) == ErasureRequested(
            erasure=done.erasure, patient=maria, erase_due=done.due
        )
        everybodys = (await s.ask(asks.ERASURES, asks.AskErasures(), as_=PETRA)).erasures
        assert [one.patient for one in everybodys] == [maria, s.person(JONAS)]
        [own] = (await s.ask(asks.ERASURES, asks.AskErasures(), as_=MARIA)).erasures
        assert (own.erasure, own.status, own.missing) == (done.erasure, ErasureStatus.REQUESTED, [])


async def test_a_request_withdrawn_is_over_and_can_be_made_again(stack: Open) -> None:
    async with stack("directory") as s:
        erasure = await requested(s)
        of = OfErasure(erasure=erasure)
        for op, who in ((asks.WITHDRAW_ERASURE, JONAS), (asks.WITHDRAW_ERASURE, PETRA), (asks.APPROVE_ERASURE, MARIA)):
            if who != PETRA:
                with pytest.raises((NotFound, Forbidden)):
                    await s.ask(op, of, as_=who)
        assert (await s.ask(asks.WITHDRAW_ERASURE, of, as_=MARIA)).status is ErasureStatus.WITHDRAWN
        for op in (asks.WITHDRAW_ERASURE, asks.APPROVE_ERASURE):
            with pytest.raises(Conflict):
                await s.ask(op, of, as_=PETRA)
            with pytest.raises(NotFound):
                await s.ask(op, OfErasure(erasure=uuid4()), as_=PETRA)
        await requested(s)
        await s.quiet()
        assert [event.event.erasure for event in await s.events(ErasureWithdrawn)] == [erasure]
        assert (await s.ask(asks.ME, asks.AskMe(), as_=MARIA)).name == "Maria Lopez"


async def test_from_the_approval_on_nobody_is_told_of_the_patient(stack: Open) -> None:
    async with stack("directory") as s:
        maria, amara = s.person(MARIA), s.person(AMARA)
        erasure = await approved(s)
        with pytest.raises(Conflict):
            await s.ask(asks.WITHDRAW_ERASURE, OfErasure(erasure=erasure), as_=PETRA)
        relationship = asks.RegisterRelationship(
            relationship=uuid4(),
            patient=maria,
            clinician=amara,
            source=RelationshipSource.BOOKING,
            lapses_at=s.clock() + timedelta(hours=1),
        )
        for op, ask, caller in (
            (asks.ME, asks.AskMe(), {"as_": MARIA}),
            (asks.ERASURES, asks.AskErasures(), {"as_": MARIA}),
            (asks.REQUEST_ERASURE, asks.RequestErasure(patient=maria), {"as_": MARIA}),
            (asks.REQUEST_ERASURE, asks.RequestErasure(patient=maria), {"as_": PETRA}),
            (asks.PATIENT, OfPatient(patient=maria), {"service": "booking"}),
            (asks.CLINICIANS, asks.FindClinicians(patient=maria), {"service": "booking"}),
            (asks.REGISTER_RELATIONSHIP, relationship, {"service": "booking"}),
            (
                asks.MAY_PRESCRIBE,
                asks.AskMayPrescribe(patient=maria, at=s.clock()),
                {"as_": AMARA, "service": "pharmacy"},
            ),
        ):
            with pytest.raises(NotFound):
                await s.ask(op, ask, **caller)  # type: ignore[arg-type]
        for who in (MARIA, AMARA):
            told = await s.ask(asks.MAY_OPEN, OfPatient(patient=maria), as_=who, service="messaging")
            assert told.ground is None
        for _ in range(2):
            row = await s.fetch("directory", "SELECT * FROM patient WHERE id = $1", maria)
            assert [value for value in row[0].values() if value is not None] == [maria]
            assert not await s.fetch("directory", "SELECT 1 FROM proxy WHERE patient = $1", maria)
            await s.restart("directory")


@pytest.mark.parametrize("way", Way)
async def test_it_is_completed_once_when_all_have_confirmed_in_any_order(stack: Open, way: Way) -> None:
    async with stack("directory") as s:
        erasure = await approved(s)
        others = [confirmed(s, erasure, service) for service in sorted(KEEPERS - {ServiceName.DIRECTORY})]
        await s.deliver("directory", *others[:-1])
        [open_] = (await s.ask(asks.ERASURES, asks.AskErasures(), as_=PETRA)).erasures
        assert (open_.status, len(open_.missing)) == (ErasureStatus.APPROVED, 1)
        assert not await s.events(ErasureCompleted)
        await s.deliver("directory", others[0], others[-1], way=way)
        [done] = await s.events(ErasureCompleted)
        assert done.event == ErasureCompleted(erasure=erasure, patient=s.person(MARIA))
        assert not (await s.ask(asks.ERASURES, asks.AskErasures(), as_=PETRA)).erasures


@pytest.mark.parametrize("way", Way)
async def test_an_approval_is_carried_out_once_however_it_arrives(stack: Open, way: Way) -> None:
    async with stack("directory") as s:
        maria = s.person(MARIA)
        await s.ground("directory").sealing.keys(maria, maria)
        await s.deliver("directory", ErasureApproved(erasure=uuid4(), patient=maria), way=way)
        [told] = await s.events(ERASURE_CONFIRMED[ServiceName.DIRECTORY])
        assert told.event.service is ServiceName.DIRECTORY
        with pytest.raises(NotFound):
            await s.ground("directory").sealing.keys(maria, maria)
        assert await s.fetchval("directory", "SELECT name IS NULL FROM patient WHERE id = $1", maria)
