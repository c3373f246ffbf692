"""A patient treated by message, as the tests have it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.messaging.model.intake import shown as shown_as_asked
from shared.practice.answers import all_hold
from shared.practice.forms import AnswersWrong, standing
from shared.requests import consults as ask
from shared.requests.consults import Quantity

if TYPE_CHECKING:
    from uuid import UUID

    from shared.practice.conditions import Condition
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


async def calm(s: Stack, condition: str, photo: str) -> dict[str, ask.Given]:
    """Answers that stop nothing."""
    answers: dict[str, ask.Given] = {}
    form = s.servers.surroundings.practice.conditions[condition]
    for _ in range(20):
        stands = standing(form, answers)
        if stands.outcome != "asking":
            break
        asked = next(one for one in shown_as_asked(stands.ask) if not one.optional)
        answers[asked.code] = harmless(form, asked, answers, photo)
    assert stands.outcome == "complete", (stands.outcome, stands.reasons, answers)
    return answers


def harmless(form: Condition, question: ask.QuestionShown, answers: dict[str, ask.Given], photo: str) -> ask.Given:
    """The first answer that neither raises a flag nor makes the form unsuitable."""
    tried: list[ask.Given] = [False, True, "none", [photo]]
    tried += [code for one in question.options for code in (one.code, [one.code])]
    tried += [Quantity(value, question.unit or "") for value in (question.least or 0, 5, 10, 100)]
    for answer in tried:
        try:
            stands = standing(form, answers | {question.code: answer})
        except AnswersWrong:
            continue
        flags = [flag for flag in form.flags if all_hold(flag.when, answers | {question.code: answer})]
        if stands.outcome in {"asking", "complete"} and not flags:
            return answer
    raise AssertionError(question)


async def lives_in(s: Stack, state: str, patient: str = MARIA) -> None:
    """Have the patient live there."""
    await s.as_owner("directory", f"UPDATE patient SET state = '{state}' WHERE id = '{s.person(patient)}'")  # noqa: S608


async def check(s: Stack, answers: dict[str, ask.Given], by: str = MARIA, **more: Any) -> ask.IntakeStanding:
    """How the form stands."""
    wanted = ask.CheckIntake(**{"patient": s.person(by), "condition": UTI, "answers": answers, **more})
    return await s.ask(ask.CHECK_INTAKE, wanted, as_=by)
