"""The conditions treated by message as one patient sees them, and how their form goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.messaging.model.consults import UnknownCondition
from services.messaging.model.intake import shown, stops, visit_instead
from services.messaging.operations.consults.access import require_own
from services.messaging.operations.consults.asking import against, patient_card, who_may_treat
from shared.emergency import sounds_like_an_emergency
from shared.practice.conditions import FreeText
from shared.practice.consults import price_cents, treats_by_message
from shared.practice.forms import standing
from shared.requests.booking import EmergencyGuidance
from shared.requests.consults import Conditions, ConditionShown, IntakeStanding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.practice import Practice
    from shared.practice.conditions import Condition
    from shared.practice.forms import NotFor
    from shared.requests.common import OfPatient
    from shared.requests.consults import CheckIntake, Given
    from shared.requests.directory import ClinicianCard


async def conditions(ground: MessagingGround, call: Call, ask: OfPatient) -> Conditions:
    """The catalogue by name, each with its lowest price where the patient is, or why it is not for them."""
    await require_own(ground, call, ask.patient)
    card, clinicians = await asyncio.gather(
        patient_card(ground, call, ask.patient), who_may_treat(ground, call, ask.patient)
    )
    practice = ground.practice
    treating = [one for one in clinicians if treats_by_message(practice, one.clinician)]
    ordered = sorted(practice.conditions.values(), key=lambda one: one.name)
    return Conditions(
        conditions=[_listed(practice, one, treating, against(one, card, practice, call.now)) for one in ordered]
    )


def _listed(
    practice: Practice, condition: Condition, treating: Sequence[ClinicianCard], reasons: list[NotFor]
) -> ConditionShown:
    prices = [price_cents(practice, one.clinician, condition) for one in treating]
    return ConditionShown(
        condition=condition.code,
        name=condition.name,
        about=condition.about,
        kind=condition.kind,
        message_price_from_cents=None if reasons else min(prices, default=None),
        visit_type=condition.visit_type,
        visit_price_cents=condition.visit_price_cents,
        not_for=[*reasons, *(() if prices or reasons else ("nobody-there",))],
    )


def named(practice: Practice, code: str) -> Condition:
    """The condition; raises UnknownCondition."""
    condition = practice.conditions.get(code)
    if condition is None:
        raise UnknownCondition(field="condition")
    return condition


async def check_intake(ground: MessagingGround, call: Call, ask: CheckIntake) -> IntakeStanding:
    """What to ask next, or what stops the form and is offered instead; raises AnswersWrong. Nothing is kept."""
    await require_own(ground, call, ask.patient)
    condition = named(ground.practice, ask.condition)
    stands = standing(condition, ask.answers)
    return IntakeStanding(
        outcome=stands.outcome,
        ask=shown(stands.ask),
        stopped=stops(stands),
        offers=stands.offers,
        emergency=_guidance(ground.practice, condition, ask.answers, emergency=stands.offers == "emergency"),
        visit=visit_instead(condition, ground.practice),
    )


def _guidance(
    practice: Practice, condition: Condition, answers: Mapping[str, Given], *, emergency: bool
) -> EmergencyGuidance | None:
    """What to do first, where a red flag says so or the patient's own words sound like it."""
    written = (answers.get(one.code) for one in condition.questions if isinstance(one, FreeText))
    if not emergency and not any(
        isinstance(words, str) and sounds_like_an_emergency(words, practice.emergency) for words in written
    ):
        return None
    guidance = practice.emergency
    return EmergencyGuidance(title=guidance.title, text=guidance.text, call=guidance.call)
