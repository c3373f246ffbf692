"""The played pharmacies keep their word through kills, outages and repeats."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from deploy.simulator import behaviours
from deploy.simulator.settings import PHARMACIES
from shared.practice import load
from tests.pharmacy.playing import NORMAL
from tests.pharmacy.signing import fill, signed, told, until_fill
from tests.support.surroundings import PRACTICE_DIR

WHOLE = ["prescription.acknowledged", "fill.ready", "fill.picked-up"]


async def test_a_kill_in_the_middle_loses_nothing_and_repeats_nothing(practice: Any) -> None:
    async with practice(pace=0.5) as (s, pharmacies):
        rx = await signed(s, pharmacy=NORMAL)
        await until_fill(s, rx.routing, "acknowledged")
        pharmacies.kill()
        pharmacies.start()
        await pharmacies.ready()
        await until_fill(s, rx.routing, "picked-up")
        assert (await told(s, rx.prescription))[2:] == WHOLE


async def test_what_they_say_waits_until_the_practice_is_back(practice: Any) -> None:
    async with practice(pace=0.5) as (s, _):
        rx = await signed(s, pharmacy=NORMAL)
        await until_fill(s, rx.routing, "acknowledged")
        await s.stop("gateway")
        await s.crash("pharmacy")
        await s.start("pharmacy")
        assert await fill(s, rx.routing) == "acknowledged"
        await s.start("gateway")
        await until_fill(s, rx.routing, "picked-up")
        assert (await told(s, rx.prescription))[2:] == WHOLE


async def test_the_way_to_the_patient_survives_the_database_and_the_broker_being_killed(practice: Any) -> None:
    async with practice(pace=0.5) as (s, pharmacies):
        rx = await signed(s, pharmacy=NORMAL)
        await s.until(lambda: pharmacies.received(NORMAL))
        s.servers.postgres.kill()
        s.servers.broker.kill()
        await s.servers.ready()
        await until_fill(s, rx.routing, "picked-up", 30)
        assert (await told(s, rx.prescription))[2:] == WHOLE
        assert [one["times"] for one in await pharmacies.received(NORMAL)] in ([1], [2])


async def test_they_take_nothing_that_the_practice_did_not_sign(practice: Any) -> None:
    async with practice() as (_, pharmacies):
        url = f"{pharmacies.url}/pharmacies/{NORMAL}"
        signed_by_nobody = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
        for headers in ({}, signed_by_nobody):
            async with pharmacies.http.post(url, data=b"{}", headers=headers) as answer:
                assert answer.status == 401
        for nobody in ("not-a-pharmacy", "00000000-0000-4000-8000-000000000000"):
            async with pharmacies.http.post(f"{pharmacies.url}/pharmacies/{nobody}", data=b"{}") as answer:
                assert answer.status == 404
        assert not await pharmacies.received()


def test_every_pharmacy_of_the_sample_practice_is_played() -> None:
    cast = behaviours.read(PHARMACIES)
    assert cast.pharmacies.keys() == load(PRACTICE_DIR).pharmacies.keys()
    assert all(cast.of(pharmacy) is not None for pharmacy in cast.pharmacies)


def test_a_stage_nobody_can_play_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "pharmacies.toml"
    file.write_text('[pharmacies]\n[behaviours.odd]\nsteps = [{ stage = "juggle", after = 0 }]\n')
    with pytest.raises(msgspec.ValidationError):
        behaviours.read(file)
