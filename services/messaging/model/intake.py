"""What a patient told for a consult, kept sealed with it in the words it was asked in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shared.practice.answers import applies
from shared.practice.conditions import (
    Choice,
    Choices,
    FreeText,
    Number,
    Option,
    Photos,
    Question,
    RedFlag,
    Unsuitable,
    YesNo,
)
from shared.requests.consults import (
    Given,
    Instead,
    OptionShown,
    Quantity,
    QuestionShown,
    StopShown,
    ToldAnswer,
    VisitInstead,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.practice import Practice
    from shared.practice.conditions import Condition
    from shared.practice.forms import Standing


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """The condition, the answers as they were given and as they read, and what stopped the form if something did."""

    condition: str
    name: str
    answers: dict[str, Given]
    told: list[ToldAnswer]
    stopped: list[StopShown] = []
    offers: Instead | None = None


def intake(condition: Condition, answers: Mapping[str, Given], stands: Standing) -> Intake:
    """What is kept."""
    return Intake(
        condition=condition.code,
        name=condition.name,
        answers=dict(answers),
        told=[
            ToldAnswer(code=one.code, asks=one.asks, said=said(one, answers[one.code]))
            for one in condition.questions
            if one.code in answers and applies(one, answers)
        ],
        stopped=stops(stands),
        offers=stands.offers,
    )


def photos_of(condition: Condition, answers: Mapping[str, Given]) -> set[str]:
    """The ids of the photos among the answers."""
    given = (answers.get(one.code) for one in condition.questions if isinstance(one, Photos))
    return {photo for photos in given if isinstance(photos, list) for photo in photos}


def stops(stands: Standing) -> list[StopShown]:
    """What stopped the form, as the patient reads it."""
    return [_stop(flag) for flag in stands.flags]


def _stop(flag: RedFlag | Unsuitable) -> StopShown:
    return StopShown(code=flag.code, says=flag.says, offers=flag.offers)


def visit_instead(condition: Condition, practice: Practice) -> VisitInstead:
    """The visit for the same condition."""
    return VisitInstead(
        visit_type=condition.visit_type,
        name=practice.visit_types[condition.visit_type].name,
        price_cents=condition.visit_price_cents,
    )


def said(question: Question, answer: Given) -> str:
    """The answer as a person reads it."""
    match question, answer:
        case YesNo(), _:
            return "Yes" if answer else "No"
        case Choice() | Choices(), str() | list():
            chosen = {answer} if isinstance(answer, str) else set(answer)
            return "; ".join(option.text for option in question.options if option.code in chosen)
        case Number(), Quantity():
            return f"{answer.value:.{question.decimals}f} {answer.unit}"
        case Photos(), list():
            return f"{len(answer)} photo{'s' * (len(answer) != 1)}"
    return str(answer)


def shown(questions: Iterable[Question]) -> list[QuestionShown]:
    """The questions as the app asks them; what they depend on stays here."""
    return [_shown(question) for question in questions]


def _shown(question: Question) -> QuestionShown:
    same: dict[str, Any] = {"code": question.code, "asks": question.asks, "optional": question.optional}
    match question:
        case YesNo():
            return QuestionShown(type="yes-no", **same)
        case Choice():
            return QuestionShown(type="choice", options=_options(question.options), **same)
        case Choices():
            most = question.most or len(question.options)
            return QuestionShown(type="choices", options=_options(question.options), fewest=1, most=most, **same)
        case Number():
            return QuestionShown(
                type="number",
                unit=question.unit,
                least=question.least,
                most=question.most,
                decimals=question.decimals,
                **same,
            )
        case FreeText():
            return QuestionShown(type="text", longest=question.longest, **same)
        case Photos():
            return QuestionShown(type="photos", fewest=question.fewest, most=question.most, **same)


def _options(options: Iterable[Option]) -> list[OptionShown]:
    return [OptionShown(code=one.code, text=one.text, alone=one.alone) for one in options]
