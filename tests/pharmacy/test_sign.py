"""Signing: who may, what goes where, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from baton_events.codes import RouteReason
from baton_events.pharmacy import PrescriptionRouted, PrescriptionSigned
from services.pharmacy.model.content import prescribable
from services.pharmacy.model.refusals import ControlledMedication
from shared.errors import Forbidden, Invalid, NotFound, Refusal
from shared.practice.model import MedicationEntry
from shared.requests import pharmacy as ask
from tests.pharmacy.playing import DENVER, NORMAL, OUT_OF_STOCK
from tests.pharmacy.signing import BEN, CHEN, DOSAGE, JONAS, MARIA, prescription, signed, treats


async def test_a_prescription_goes_to_the_patients_own_pharmacy_as_fhir(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        assert rx.pharmacy == OUT_OF_STOCK
        await s.until(lambda: counter.came(1))
        [sent] = counter.sent
        assert (sent.pharmacy, sent.event, sent.routing) == (OUT_OF_STOCK, "NewRx", rx.routing)
        order = sent.request
        assert order["groupIdentifier"]["value"] == f"urn:uuid:{rx.prescription}"
        assert (order["status"], order["intent"]) == ("active", "order")
        assert order["medicationCodeableConcept"]["coding"][0]["code"] == "198014"
        assert order["dosageInstruction"] == [{"text": DOSAGE}]
        assert order["dispenseRequest"]["quantity"] == {"value": 20, "unit": "tablet"}
        assert order["dispenseRequest"]["numberOfRepeatsAllowed"] == 1
        assert order["substitution"] == {"allowedBoolean": True}
        patient, prescriber = order["contained"]
        assert patient == {
            "resourceType": "Patient",
            "id": "patient",
            "name": [{"text": "Maria Lopez"}],
            "birthDate": "1984-03-12",
        }
        assert prescriber["name"] == [{"text": "Ben Whitfield", "suffix": ["MD"]}]


async def test_signing_is_announced_with_the_time_the_pharmacy_has(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        rx = await signed(s)
        await s.quiet()
        [signing] = await s.events(PrescriptionSigned)
        [routed] = await s.events(PrescriptionRouted)
        assert (signing.sequence, routed.sequence) == (1, 2)
        assert signing.event.prescriber == s.person(BEN)
        assert (routed.event.pharmacy, routed.event.reason) == (rx.pharmacy, RouteReason.NEW)
        assert abs(routed.event.transmit_due - s.clock() - timedelta(minutes=5)) < timedelta(minutes=1)


async def test_what_was_signed_is_nowhere_in_plain(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        await signed(s)
        await s.until(lambda: counter.came(1))
        rows = await s.fetch("pharmacy", "SELECT p.sealed, d.sealed FROM prescription p, delivery d")
        assert rows
        for sealed in (value for row in rows for value in row):
            for word in (DOSAGE, "Naproxen", "naproxen", "198014", "Lopez"):
                assert word.encode() not in sealed


async def test_the_pharmacy_named_comes_before_the_patients_own(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL)
        assert rx.pharmacy == NORMAL
        await s.until(lambda: counter.came(1))
        assert counter.sent[0].pharmacy == NORMAL


async def test_only_a_clinician_licensed_where_the_patient_is_and_treating_them_may_sign(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        with pytest.raises(Refusal) as stranger:
            await s.ask(ask.SIGN, prescription(s, JONAS), as_=BEN)
        assert stranger.value.status == NotFound.status
        await treats(s, CHEN, MARIA)
        with pytest.raises(Refusal, match="licence-missing") as unlicensed:
            await s.ask(ask.SIGN, prescription(s), as_=CHEN)
        assert unlicensed.value.status == Forbidden.status
        for who in (MARIA, "noor-haddad", "priya-nair"):
            with pytest.raises(Forbidden):
                await s.ask(ask.SIGN, prescription(s), as_=who)
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM prescription") == 0
        assert not counter.sent


async def test_what_cannot_be_prescribed_or_sent_is_refused_with_the_field(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        await treats(s, BEN, MARIA)
        for more, code in (
            ({"medication": "snake-oil"}, "medication-unknown"),
            ({"pharmacy": s.person(MARIA)}, "pharmacy-unknown"),
        ):
            with pytest.raises(Refusal, match=code) as refused:
                await s.ask(ask.SIGN, prescription(s, **more), as_=BEN)
            assert refused.value.status == Invalid.status
            assert refused.value.members["field"] == next(iter(more))


async def test_a_patient_without_a_pharmacy_is_asked_for_one(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        await s.fetch("pharmacy", "DELETE FROM preference")
        await treats(s, BEN, MARIA)
        with pytest.raises(Refusal, match="no-pharmacy"):
            await s.ask(ask.SIGN, prescription(s), as_=BEN)


async def test_a_repeat_under_the_same_key_is_one_prescription(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        await treats(s, BEN, MARIA)
        first = await s.ask(ask.SIGN, prescription(s), as_=BEN, key="one")
        assert await s.ask(ask.SIGN, prescription(s), as_=BEN, key="one") == first
        await s.until(lambda: counter.came(1))
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM delivery") == 1


async def test_patients_have_the_pharmacy_of_the_practices_data_until_they_choose(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        await s.ask(ask.PREFER, ask.PreferPharmacy(pharmacy=DENVER), as_=MARIA)
        await s.restart("pharmacy")
        rows = await s.fetch("pharmacy", "SELECT patient, pharmacy FROM preference")
        own = {row["patient"]: row["pharmacy"] for row in rows}
        assert own[s.person(MARIA)] == DENVER
        assert own[s.person(JONAS)] == DENVER


def test_a_controlled_medication_is_refused() -> None:
    entry = MedicationEntry(code="c2", name="C", rxnorm="1", unit="tablet", unit_cents=1, controlled=True)
    with pytest.raises(ControlledMedication):
        prescribable({"c2": entry}, "c2")
