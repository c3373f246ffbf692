"""A patient treated by message, as the tests have it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.requests import consults as ask
from shared.requests.consults import Quantity

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Stack

MARIA, JONAS, AISHA, SAMIRA = "maria-lopez", "jonas-weber", "aisha-khan", "samira-khan"
AMARA, BEN, DANA, CHEN = "amara-okafor", "ben-whitfield", "dana-reyes", "chen-liu"
SERVICES = ("directory", "billing", "messaging")

UTI = "urinary-tract-infection"
WORDS = "magnesium at night, since the surgery"
CALM: dict[str, ask.Given] = {
    "fever": False,
    "flank-pain": False,
    "vomiting": False,
    "confused": False,
    "blood": False,
    "sex": "female",
    "pregnant": False,
    "last-year": Quantity(1, "times"),
    "weak-immunity": False,
    "kidney": False,
    "symptoms": ["burning", "often"],
    "days": Quantity(2, "days"),
    "medicines": WORDS,
    "allergic": False,
}
"""Answers that can be treated by message."""

DIAGNOSIS = "Uncomplicated cystitis"
PLAN = "Nitrofurantoin for five days; drink enough"
STEPS = ["Take it with food", "Write if a fever comes"]


async def providers(s: Stack, patient: str = MARIA, condition: str | None = UTI, **more: Any) -> ask.Providers:
    """Who treats the condition; `by` asks."""
    by = more.pop("by", patient)
    wanted = ask.FindProviders(patient=s.person(patient), condition=condition, **more)
    return await s.ask(ask.FIND_PROVIDERS, wanted, as_=by)


async def offer_of(s: Stack, clinician: str, patient: str = MARIA, **more: Any) -> ask.ProviderOffer:
    """The offer of one clinician."""
    found = await providers(s, patient, **more)
    return next(one for one in found.offers if one.clinician == s.person(clinician))


async def take(
    s: Stack,
    offer: ask.ProviderOffer | UUID,
    by: str = MARIA,
    answers: dict[str, ask.Given] | None = CALM,
    key: str = "",
) -> ask.ConsultAsked:
    """Take an offer with these answers."""
    id_ = offer.offer if isinstance(offer, ask.ProviderOffer) else offer
    return await s.ask(ask.REQUEST_CONSULT, ask.RequestConsult(offer=id_, answers=answers), as_=by, key=key)


async def begun(s: Stack, clinician: str = BEN, patient: str = MARIA) -> ask.ConsultAsked:
    """A consult that waits for its first answer."""
    done = await take(s, await offer_of(s, clinician, patient), patient)
    assert done.outcome == "requested"
    return done


async def plan(s: Stack, consult: UUID, version: int = 1, by: str = BEN, **more: Any) -> ask.ConsultState:
    """Give a plan."""
    said: dict[str, Any] = {"diagnosis": DIAGNOSIS, "plan": PLAN, "steps": STEPS, **more}
    return await s.ask(ask.GIVE_PLAN, ask.GivePlan(consult=consult, version=version, **said), as_=by)


async def shown(s: Stack, consult: UUID, by: str = MARIA, **more: Any) -> ask.Consult:
    """The consult as somebody sees it."""
    return await s.ask(ask.CONSULT, ask.AskConsult(consult=consult, **more), as_=by)


async def decline(s: Stack, consult: UUID, by: str = BEN, offers: Any = "provider") -> ask.ConsultState:
    """Decline it."""
    said = ask.Decline(consult=consult, reason="this needs somebody who sees children", offers=offers)
    return await s.ask(ask.DECLINE, said, as_=by)
