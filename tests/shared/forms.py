"""Answers and whole forms, drawn for the tests of the form engine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from shared.practice.conditions import (
    Choice,
    Choices,
    Condition,
    FreeText,
    Number,
    Option,
    Photos,
    Question,
    RedFlag,
    Unsuitable,
    When,
    YesNo,
)
from shared.requests.consults import Given, Quantity


def answers_to(question: Question) -> st.SearchStrategy[Given]:
    """Every answer that fits the question."""
    match question:
        case YesNo():
            return st.booleans()
        case Choice():
            return st.sampled_from([option.code for option in question.options])
        case Choices():
            alone = [[option.code] for option in question.options if option.alone]
            others = [option.code for option in question.options if not option.alone]
            some = st.lists(st.sampled_from(others), min_size=1, max_size=question.most, unique=True)
            return some | st.sampled_from(alone) if alone else some
        case Number():
            scale = 10**question.decimals
            steps = st.integers(round(question.least * scale), round(question.most * scale))
            return steps.map(lambda step: Quantity(step / scale, question.unit))
        case FreeText():
            return st.text("abc ", min_size=1, max_size=min(question.longest, 20)).filter(str.strip)
        case Photos():
            ids = st.uuids().map(str)
            return st.lists(ids, min_size=question.fewest, max_size=question.most, unique=True)


def form(questions: list[Question], red: list[RedFlag], unsuitable: list[Unsuitable]) -> Condition:
    return Condition(
        code="drawn",
        name="Drawn",
        about="Drawn by a test.",
        kind="new",
        basis="own",
        youngest=18,
        oldest=64,
        message_price_cents=1,
        visit_price_cents=1,
        visit_type="general",
        questions=questions,
        red_flags=red,
        unsuitable=unsuitable,
        sources=[],
    )


@st.composite
def forms(draw: st.DrawFn) -> Condition:
    """Small forms whose tests look at earlier questions; some are right, some have questions nobody reaches."""
    questions: list[Question] = []
    for at in range(draw(st.integers(1, 5))):
        common: dict[str, Any] = {"code": f"q{at}", "asks": "?", "when": draw(_tests(questions, 0))}
        kind = draw(st.sampled_from(["yes-no", "choice", "choices", "number"]))
        options = [Option(code=code, text=code, alone=code == "c") for code in "abc"]
        if kind == "yes-no":
            questions.append(YesNo(**common))
        elif kind == "choice":
            questions.append(Choice(**common, options=options))
        elif kind == "choices":
            questions.append(Choices(**common, options=options, most=draw(st.sampled_from([None, 1, 2]))))
        else:
            questions.append(Number(**common, unit="days", least=0, most=3))
    red = [
        RedFlag(code=f"r{at}", when=draw(_tests(questions, 1)), says="!", offers="person")
        for at in range(draw(st.integers(0, 2)))
    ]
    unsuitable = [
        Unsuitable(code=f"u{at}", when=draw(_tests(questions, 1)), says="!") for at in range(draw(st.integers(0, 2)))
    ]
    return form(questions, red, unsuitable)


def every_answer(question: Question) -> list[Given]:
    """All answers to a question of a drawn form."""
    match question:
        case YesNo():
            return [False, True]
        case Choice():
            return ["a", "b", "c"]
        case Choices():
            return [["a"], ["b"], ["c"], *([] if question.most == 1 else [["a", "b"]])]
        case Number():
            return [Quantity(value, "days") for value in (0, 1, 2, 3)]
    raise AssertionError(question)


def _tests(earlier: list[Question], fewest: int) -> st.SearchStrategy[list[When]]:
    if not earlier:
        return st.just([])
    return st.lists(st.sampled_from(earlier).flatmap(_test), min_size=fewest, max_size=2)


def _test(question: Question) -> st.SearchStrategy[When]:
    match question:
        case YesNo():
            return st.booleans().map(lambda said: When(question=question.code, yes=said))
        case Number():
            bounds = st.integers(-1, 4).map(float)
            return bounds.map(lambda b: When(question=question.code, at_least=b)) | bounds.map(
                lambda b: When(question=question.code, at_most=b)
            )
        case _:
            codes = st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True)
            return codes.map(lambda c: When(question=question.code, any_of=c)) | codes.map(
                lambda c: When(question=question.code, none_of=c)
            )


PHOTO = str(UUID(int=1))
