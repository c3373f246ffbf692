"""After an erasure every service refuses whatever was the patient's, whoever asks, also with a service late to hear."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest

from baton_events.directory import ErasureApproved, ErasureCompleted
from services.directory.model.erasure import KEEPERS
from shared.requests import directory as asks
from shared.requests import messaging
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.directory import OfErasure, RequestErasure
from shared.requests.drafts import Drafts
from shared.requests.handoffs import WORK, AskWork
from shared.sealing import PatientErased
from tests.directory.everything import BEN, MARIA, PETRA, WORDS, history, questions, roles_of, told
from tests.pharmacy.playing import playing
from tests.support.backups import dump, restore

if TYPE_CHECKING:
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
    count = 0
    for who in WHO:
        for op, ask in questions(roles_of(s, who), ids):
            if who == PETRA and op.subject in STILL:
                continue
            answer = await told(s, op, ask, who)
            nothing = answer in REFUSED or isinstance(answer, Drafts) or op is asks.MAY_OPEN
            assert nothing, f"{who}: {op.subject} {ask} {answer}"
            count += answer == 404
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
        for who in (MARIA, BEN):
            for op, ask in questions(roles_of(s, who), ids):
                answer = await told(s, op, ask, who)
                assert WORDS not in str(answer), op.subject
                assert op is not messaging.MESSAGES or answer == 404
        await s.publish(ErasureApproved(erasure=ids["visit"], patient=maria))
        await s.quiet(20)
        assert await refused_to_everybody(s, ids) > 60
