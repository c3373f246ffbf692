"""A patient's answers to a form, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from shared.practice.conditions import (
    Choice,
    Choices,
    Condition,
    FreeText,
    Number,
    Option,
    Photos,
    Question,
    When,
    YesNo,
)
from shared.requests.consults import Given, Quantity

Answers: TypeAlias = Mapping[str, Given]
"""By the code of the question."""


class Wrong(StrEnum):
    """What can be wrong with an answer."""

    UNKNOWN_QUESTION = "unknown-question"
    NOT_ASKED = "not-asked"
    WRONG_TYPE = "wrong-type"
    UNKNOWN_OPTION = "unknown-option"
    TWICE = "twice"
    GOES_ALONE = "goes-alone"
    TOO_FEW = "too-few"
    TOO_MANY = "too-many"
    WRONG_UNIT = "wrong-unit"
    OUT_OF_RANGE = "out-of-range"
    TOO_PRECISE = "too-precise"
    EMPTY = "empty"
    TOO_LONG = "too-long"
    NOT_A_PHOTO = "not-a-photo"


class Fault(msgspec.Struct, frozen=True, order=True):
    """One wrong answer; `question` is empty where the form has no such question."""

    question: str
    wrong: Wrong


def faults(condition: Condition, answers: Answers) -> Iterator[Fault]:
    """Everything that is wrong with the answers, in the order of the form; more answers than questions is one fault."""
    if len(answers) > len(condition.questions):
        yield Fault("", Wrong.TOO_MANY)
        return
    kept: dict[str, Given] = {}
    for question in condition.questions:
        if question.code not in answers:
            continue
        answer = answers[question.code]
        wrong = wrong_with(question, answer) if applies(question, kept) else Wrong.NOT_ASKED
        if wrong is None:
            kept[question.code] = answer
        else:
            yield Fault(question.code, wrong)
    known = {question.code for question in condition.questions}
    yield from (Fault("", Wrong.UNKNOWN_QUESTION) for code in answers if code not in known)


def applies(question: Question, answers: Answers) -> bool:
    """Whether the question is asked of somebody who answered so."""
    return all_hold(question.when, answers)


def all_hold(tests: list[When], answers: Answers) -> bool:
    """Whether every test holds on the answers."""
    return all(holds(test, answers) for test in tests)


def holds(test: When, answers: Answers) -> bool:
    """Whether the test holds; it does not where its question is unanswered."""
    match answers.get(test.question):
        case bool() as said:
            return said is test.yes
        case str() as chosen:
            return _chosen(test, {chosen})
        case list() as chosen:
            return _chosen(test, set(chosen))
        case Quantity(value, _):
            over = test.at_least is None or value >= test.at_least
            return over and (test.at_most is None or value <= test.at_most)
    return False


def _chosen(test: When, chosen: set[str]) -> bool:
    return (not test.any_of or not chosen.isdisjoint(test.any_of)) and chosen.isdisjoint(test.none_of)


def wrong_with(question: Question, answer: Any) -> Wrong | None:
    """What is wrong with an answer to this question, looking at no more of it than the question could take."""
    if type(answer) is not _TYPES[type(question)]:
        return Wrong.WRONG_TYPE
    return _CHECKS[type(question)](question, answer)


def _yes_no(_question: YesNo, _answer: bool) -> Wrong | None:
    return None


def _choice(question: Choice, answer: str) -> Wrong | None:
    return None if any(option.code == answer for option in question.options) else Wrong.UNKNOWN_OPTION


def _choices(question: Choices, answer: list[str]) -> Wrong | None:
    wrong = _how_many(answer, 1, min(question.most or len(question.options), len(question.options)))
    if wrong is not None:
        return wrong
    known: dict[str, Option] = {option.code: option for option in question.options}
    if any(code not in known for code in answer):
        return Wrong.UNKNOWN_OPTION
    return Wrong.GOES_ALONE if len(answer) > 1 and any(known[code].alone for code in answer) else None


def _number(question: Number, answer: Quantity) -> Wrong | None:
    if answer.unit != question.unit:
        return Wrong.WRONG_UNIT
    if not isfinite(answer.value) or not question.least <= answer.value <= question.most:
        return Wrong.OUT_OF_RANGE
    return None if round(answer.value, question.decimals) == answer.value else Wrong.TOO_PRECISE


def _words(question: FreeText, answer: str) -> Wrong | None:
    if len(answer) > question.longest:
        return Wrong.TOO_LONG
    return None if answer.strip() else Wrong.EMPTY


def _photos(question: Photos, answer: list[str]) -> Wrong | None:
    wrong = _how_many(answer, question.fewest, question.most)
    if wrong is not None:
        return wrong
    return None if all(map(_is_id, answer)) else Wrong.NOT_A_PHOTO


def _how_many(answer: list[Any], fewest: int, most: int) -> Wrong | None:
    if len(answer) < fewest:
        return Wrong.TOO_FEW
    if len(answer) > most:
        return Wrong.TOO_MANY
    if not all(isinstance(one, str) for one in answer):
        return Wrong.WRONG_TYPE
    return Wrong.TWICE if len(set(answer)) < len(answer) else None


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


_TYPES: Mapping[type[Any], type[Any]] = {
    YesNo: bool,
    Choice: str,
    Choices: list,
    Number: Quantity,
    FreeText: str,
    Photos: list,
}
_CHECKS: Mapping[type[Any], Callable[[Any, Any], Wrong | None]] = {
    YesNo: _yes_no,
    Choice: _choice,
    Choices: _choices,
    Number: _number,
    FreeText: _words,
    Photos: _photos,
}
