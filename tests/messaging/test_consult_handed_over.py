"""A consult taken over: who sees to it now answers it, prescribes and gives the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from baton_events.messaging import PlanGiven
from shared.errors import Refusal
from shared.requests import consults as ask
from shared.requests import custody, messaging, pharmacy
from tests.messaging.consulting import BEN, CHEN, DANA, MARIA, SERVICES, begun, plan, shown
from tests.pharmacy.playing import playing

if TYPE_CHECKING:
    from tests.support.stack import Open


async def test_handed_over_the_next_clinician_answers_prescribes_and_treats(stack: Open) -> None:
    async with playing(opened=False) as pharmacies, stack(*SERVICES, "pharmacy", variables=pharmacies.variables) as s:
        done = await begun(s)
        assert done.thread is not None
        over = custody.HandOver(thread=done.thread, to_person=s.person(DANA), reason="going off shift")
        await s.ask(custody.HAND_OVER, over, as_=BEN)
        with pytest.raises(Refusal, match="no-such-consult"):
            await plan(s, done.consult, by=BEN)
        await s.quiet()
        sign = pharmacy.SignPrescription(
            patient=s.person(MARIA), medication="naproxen-500", dosage="x", quantity=1, refills=0
        )
        for who in (DANA, BEN):
            await s.ask(pharmacy.SIGN, sign, as_=who)
        with pytest.raises(Refusal):
            await s.ask(pharmacy.SIGN, sign, as_=CHEN)
        await s.ask(messaging.SEND, messaging.Send(thread=done.thread, text="I have taken over"), as_=DANA)
        seen = await shown(s, done.consult)
        assert seen.sees_to_it is not None
        assert (seen.chosen.name, seen.sees_to_it.name, seen.status) == ("Ben Whitfield", "Dana Reyes", "answered")
        mine = await s.ask(ask.MY_CONSULTS, ask.OfClinician(), as_=DANA)
        assert [one.consult for one in mine.consults] == [done.consult]
        await plan(s, done.consult, by=DANA)
        await s.quiet()
        assert [got.event.clinician for got in await s.events(PlanGiven)] == [s.person(DANA)]
