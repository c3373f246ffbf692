"""After an erasure every service refuses whatever was the patient's, whoever asks, also with a service late to hear."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from baton_events.directory import ErasureApproved, ErasureCompleted
from deploy.commands.erase import purge
from services.directory.model.erasure import KEEPERS
from shared.outbox.reconcile import Reconciler
from shared.requests import directory as asks
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.directory import OfErasure, RequestErasure
from shared.requests.handoffs import WORK, AskWork
from shared.sealing import PatientErased
from tests.directory.everything import BEN, MARIA, PETRA, WORDS, history, questions, roles_of, told
from tests.pharmacy.playing import playing
from tests.support.backups import dump, restore

if TYPE_CHECKING:
    from baton_events.codes import ServiceName
    from tests.support.stack import Open, Stack

SERVICES = tuple(sorted(KEEPERS))
WHO = (MARIA, BEN, "leo-tran", "fern-dale", "sam-porter", PETRA)
"""The patient, who treats her, and one of every other role."""

STILL = {"svc.directory.request-erasure", *(op.subject for op in ACCESSES.values())}
"""What an officer may still ask: who had looked."""


REFUSED = (400, 403, 404)


async def erase(s: Stack, patient: UUID) -> UUID:
    erasure = (await s.ask(asks.REQUEST_ERASURE, RequestErasure(patient=patient), as_=MARIA)).erasure
    await s.quiet()
    await s.ask(asks.APPROVE_ERASURE, OfErasure(erasure=erasure), as_=PETRA)
    return erasure


async def refused_to_everybody(s: Stack, ids: dict[str, UUID]) -> int:
    """Ask for everything as everybody: it is not there, or they are told what they are of things that never were."""
    count, invented = 0, {name: uuid4() for name in ids}
    for who in WHO:
        roles = roles_of(s, who)
        for (op, ask), (_, never) in zip(questions(roles, ids), questions(roles, invented), strict=True):
            if who == PETRA and op.subject in STILL:
                continue
            answer = await told(s, op, ask, who)
            count += answer == 404
            if answer not in REFUSED and op is not asks.MAY_OPEN:
                assert answer == await told(s, op, never, who), f"{who}: {op.subject} {ask} {answer}"
    return count


async def test_nothing_of_hers_opens_to_anybody_once_the_last_service_is_back_to_erase_it(stack: Open) -> None:
    async with playing(opened=False) as pharmacies, stack(*SERVICES, variables=pharmacies.variables) as s:
        ids = await history(s)
        maria = ids["patient"]
        await s.stop("messaging")
        erasure = await erase(s, maria)
        await s.quiet(20)
        [open_] = (await s.ask(asks.ERASURES, asks.AskErasures(), as_=PETRA)).erasures
        assert open_.missing == ["messaging"]
        assert not await s.events(ErasureCompleted)
        await s.start("messaging")
        await s.quiet(20)
        assert [event.event.erasure for event in await s.events(ErasureCompleted)] == [erasure]

        assert await refused_to_everybody(s, ids) > 60
        for service in SERVICES:
            keystore = await asyncpg.connect(s.servers.postgres.urls(service)[1])
            assert not await keystore.fetchval(
                "SELECT count(*) FROM patient_key WHERE patient = $1 AND wrapped IS NOT NULL", maria
            )
            assert not await keystore.fetchval("SELECT count(*) FROM group_share WHERE patient = $1", maria)
            await keystore.close()
            assert not await s.fetchval(service, UNTOLD, maria)
        looked = await s.ask(ACCESSES["messaging"], OfPatient(patient=maria), as_=PETRA)
        assert {str(maria), str(s.person(BEN))} <= {access.actor for access in looked.accesses}
        states = await s.fetch("handoffs", "SELECT name, state FROM handoff WHERE patient = $1", maria)
        assert ("record.erase", "closed") in {(row["name"], row["state"]) for row in states}
        assert {row["state"] for row in states} <= {"closed", "withdrawn"}
        assert not (await s.ask(WORK, AskWork(), as_="leo-tran")).work
        await nothing_is_left_in_the_stream(s, maria)


async def nothing_is_left_in_the_stream(s: Stack, patient: UUID) -> None:
    """Once it was purged; the reconciler puts nothing back, and the erasure itself can be read."""
    js = s.stream.client.jetstream()
    assert await purge(js, patient) > 10
    assert await purge(js, patient) == 0
    for service in SERVICES:
        assert await Reconciler(await s.db(service), s.stream.client, service).compare() == 0
    left = {
        envelope.type for _, envelope in await s.stream.envelopes() if str(patient) in bytes(envelope.data).decode()
    }
    assert "care.directory.v1.erasure.completed" in left
    assert {type_.split(".")[3] for type_ in left} == {"erasure"}


UNTOLD = """
SELECT count(*) FROM outbox WHERE patient = $1 AND type NOT LIKE '%.erasure.%' AND type NOT LIKE 'care.handoffs.%'
"""


async def test_a_data_backup_from_before_opens_nothing_while_the_keystore_stays(stack: Open) -> None:
    async with playing(opened=False) as pharmacies, stack(*SERVICES, variables=pharmacies.variables) as s:
        ids = await history(s)
        maria = ids["patient"]
        dumps = {service: await dump(s.servers.postgres, service) for service in SERVICES}
        assert WORDS.encode() not in dumps["messaging"]
        await erase(s, maria)
        await s.quiet(20)
        for service in reversed(SERVICES):
            await s.stop(service)
        await s.let_go()
        for service, content in dumps.items():
            await restore(s.servers.postgres, service, content)
            assert not await s.fetchval(service, "SELECT count(*) FROM erased_patient")
        for service in SERVICES:
            await s.start(service)
        for service in SERVICES:
            with pytest.raises(PatientErased):
                await s.ground(service).sealing.keys(maria, maria)
        assert await refused_to_everybody(s, ids) > 60
        assert not await s.fetchval(
            "directory", "SELECT count(*) FROM patient WHERE id = $1 AND name IS NOT NULL", maria
        )


@pytest.mark.parametrize("service", sorted(KEEPERS))
def test_every_service_erases_once(service: ServiceName) -> None:
    reactions = import_module(f"services.{service}.reactions").REACTIONS
    assert [one.event for one in reactions].count(ErasureApproved) == 1
