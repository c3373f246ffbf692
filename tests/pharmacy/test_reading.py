"""Looking: at medications and pharmacies; who may, and that it is on record."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Forbidden, NotFound, Refusal
from shared.requests import pharmacy as ask
from shared.requests.common import ACCESSES, OfPatient
from shared.sealing import erase
from tests.pharmacy.playing import DELIVERS, DENVER, NORMAL, OUT_OF_STOCK, accepted
from tests.pharmacy.signing import (
    AISHA,
    AMARA,
    BEN,
    CHEN,
    DOSAGE,
    JONAS,
    MARIA,
    SAMIRA,
    prescription,
    signed,
    treats,
)


async def names(s: Any, patient: str, by: str) -> list[str]:
    found = await s.ask(ask.MEDICATIONS, OfPatient(patient=s.person(patient)), as_=by)
    return [one.medication for one in found.medications]


async def test_the_record_shows_medications_newest_first_with_where_the_fill_stands(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        await signed(s)
        rx = await signed(s, medication="omeprazole-20", pharmacy=NORMAL)
        await counter.pharmacies.say(NORMAL, accepted(rx.routing))
        found = await s.ask(ask.MEDICATIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
        newest, oldest = found.medications
        assert newest.medication == "Omeprazole 20 mg delayed-release capsule"
        assert (newest.pharmacy_name, newest.fill) == ("Valencia Street Pharmacy", ask.FillStatus.ACKNOWLEDGED)
        assert (oldest.medication, oldest.dosage, oldest.quantity) == ("Naproxen 500 mg tablet", DOSAGE, 20)
        assert oldest.prescriber == s.person(BEN)
        assert (oldest.status, oldest.fill) == (ask.PrescriptionStatus.ACTIVE, ask.FillStatus.SENT)


async def test_medications_open_to_the_patient_their_proxy_and_who_treats_them(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        await signed(s, SAMIRA, by=AMARA)
        for who in (SAMIRA, AISHA, AMARA):
            assert await names(s, SAMIRA, who) == ["Naproxen 500 mg tablet"]
        for who in (JONAS, BEN, "noor-haddad", "priya-nair"):
            with pytest.raises(Refusal) as refused:
                await names(s, SAMIRA, who)
            assert refused.value.status == NotFound.status
        with pytest.raises(Forbidden):
            await names(s, SAMIRA, "fern-dale")


async def test_a_prescriber_still_sees_what_they_signed_when_they_no_longer_treat_the_patient(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        await signed(s)
        await treats(s, AMARA, MARIA)
        await s.ask(ask.SIGN, prescription(s, medication="cetirizine-10"), as_=AMARA)
        assert len(await names(s, MARIA, BEN)) == 2
        await s.fetch("directory", "UPDATE relationship SET ended_at = now() WHERE clinician = $1", s.person(BEN))
        assert await names(s, MARIA, BEN) == ["Naproxen 500 mg tablet"]


async def test_every_look_is_on_record_and_the_patient_sees_who_looked(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        await signed(s)
        await names(s, MARIA, BEN)
        await s.until(lambda: counter.came(1))
        looks = (await s.ask(ACCESSES["pharmacy"], OfPatient(patient=s.person(MARIA)), as_=MARIA)).accesses
        seen = {(look.actor, look.action, look.what.split(" ")[0]) for look in looks}
        assert any(actor == str(s.person(BEN)) and action == "read" for actor, action, _ in seen)
        assert any(actor == str(s.person(BEN)) and action == "write" for actor, action, _ in seen)
        assert any(actor == "service:pharmacy" and action == "read" for actor, action, _ in seen)


async def test_pharmacies_come_nearest_first_for_a_patient(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        found = (await s.ask(ask.PHARMACIES, ask.AskPharmacies(), as_=MARIA)).pharmacies
        far = [one.kilometres for one in found]
        assert [one.pharmacy for one in found[:2]] == [OUT_OF_STOCK, NORMAL]
        assert far == sorted(far, key=lambda kilometres: kilometres or 0.0)
        assert far[0] is not None
        assert far[0] < 1
        assert next(one for one in found if one.pharmacy == DELIVERS).delivers
        found = (await s.ask(ask.PHARMACIES, ask.AskPharmacies(), as_=BEN)).pharmacies
        assert len(found) == 7
        assert {one.kilometres for one in found} == {None}


async def test_pharmacies_are_listed_also_without_directory(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        await s.stop("directory")
        found = (await s.ask(ask.PHARMACIES, ask.AskPharmacies(), as_=MARIA)).pharmacies
        assert len(found) == 7


async def test_the_patient_or_a_proxy_chooses_the_pharmacy(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        samira = s.person(SAMIRA)
        kept = await s.ask(ask.PREFER, ask.PreferPharmacy(pharmacy=OUT_OF_STOCK, patient=samira), as_=AISHA)
        assert (kept.patient, kept.pharmacy) == (samira, OUT_OF_STOCK)
        rx = await signed(s, SAMIRA, by=AMARA)
        assert rx.pharmacy == OUT_OF_STOCK
        with pytest.raises(Refusal) as refused:
            await s.ask(ask.PREFER, ask.PreferPharmacy(pharmacy=NORMAL, patient=samira), as_=JONAS)
        assert refused.value.status == NotFound.status
        with pytest.raises(Refusal, match="pharmacy-unknown"):
            await s.ask(ask.PREFER, ask.PreferPharmacy(pharmacy=samira), as_=SAMIRA)


async def test_nothing_of_an_erased_patient_is_shown_sent_or_taken_in(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.answers = [503] * 50
        rx = await signed(s, JONAS, by=CHEN)
        await s.until(lambda: counter.came(1))
        sealing = s.services["pharmacy"].ground.sealing
        await erase(sealing, s.person(JONAS), s.clock())
        for who in (JONAS, CHEN):
            with pytest.raises(Refusal) as refused:
                await names(s, JONAS, who)
            assert refused.value.status == NotFound.status
        assert await counter.pharmacies.say(DENVER, accepted(rx.routing)) == 404

        async def dropped() -> bool:
            return bool(await s.fetchval("pharmacy", "SELECT outcome = 'dropped' FROM delivery"))

        s.clock.ahead += s.clock.ahead.resolution * 120_000_000
        await s.until(dropped)
