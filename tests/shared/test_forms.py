"""The form engine: no dead end, every question reachable, the same for the same answers, and stopped by a red flag."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.practice import load
from shared.practice.answers import Fault, Wrong, applies, faults
from shared.practice.conditions import (
    Choice,
    Choices,
    Condition,
    FreeText,
    Number,
    Option,
    Photos,
    RedFlag,
    Unsuitable,
    When,
    YesNo,
    states_of,
)
from shared.practice.forms import AnswersWrong, Standing, not_for, standing
from shared.practice.paths import Paths
from shared.requests.consults import Given, GivenAnswers, Quantity
from tests.shared.forms import PHOTO, answers_to, every_answer, form, forms

PRACTICE = load(Path(__file__).parents[2] / "deploy" / "practice")
SAMPLES = list(PRACTICE.conditions.values())
sample = pytest.mark.parametrize("condition", SAMPLES, ids=lambda condition: condition.code)
TO_BE_TESTED = form(
    [
        YesNo(code="yes", asks="?"),
        Choice(code="one", asks="?", options=[Option(code="a", text="a"), Option(code="b", text="b")]),
        Choices(
            code="some",
            asks="?",
            options=[Option(code=c, text=c, alone=c == "none") for c in ("a", "b", "c", "none")],
            most=2,
        ),
        Number(code="number", asks="?", unit="°F", least=95, most=110, decimals=1),
        FreeText(code="text", asks="?", longest=10),
        Photos(code="photos", asks="?", fewest=1, most=2),
        YesNo(code="after", asks="?", when=[When(question="yes", yes=True)]),
    ],
    [RedFlag(code="hot", when=[When(question="number", at_least=104)], says="!", offers="emergency")],
    [Unsuitable(code="b", when=[When(question="one", any_of=["b"])], says="!")],
)
OTHER_PHOTOS = ["6f1f9f5e-0000-4000-8000-000000000001", "6f1f9f5e-0000-4000-8000-000000000002"]


def walk(condition: Condition, data: st.DataObject) -> tuple[dict[str, Given], Standing]:
    """Answer what is asked, one at a time in any order, until nothing more is."""
    answers: dict[str, Given] = {}
    now = standing(condition, answers)
    while now.outcome == "asking":
        assert now.ask, "asking nothing is a dead end"
        question = data.draw(st.sampled_from(now.ask))
        answers[question.code] = data.draw(answers_to(question))
        assert len(answers) <= len(condition.questions)
        now = standing(condition, answers)
    return answers, now


@sample
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_is_answered_the_form_comes_to_an_end(condition: Condition, data: st.DataObject) -> None:
    answers, end = walk(condition, data)
    assert end.outcome in {"complete", "red-flag", "unsuitable"}
    assert bool(end.reasons) == (end.outcome != "complete") == (end.offers is not None)
    if end.outcome == "complete":
        owed = [q.code for q in condition.questions if not q.optional and applies(q, answers)]
        assert set(owed) <= set(answers)
    else:
        assert end.ask == []


@sample
def test_every_question_is_asked_of_somebody_and_every_flag_stops_somebody(condition: Condition) -> None:
    paths = Paths(condition)
    for question in condition.questions:
        answers = paths.to(question)
        assert answers is not None
        assert question in standing(condition, answers).ask
    for flag in condition.flags:
        answers = paths.raising(flag)
        assert answers is not None
        if isinstance(flag, RedFlag):
            now = standing(condition, answers)
            assert now.outcome == "red-flag"
            assert flag.code in now.reasons
    whole = paths.to_the_end()
    assert whole is not None
    assert standing(condition, whole).outcome == "complete"


@settings(max_examples=300, deadline=None)
@given(forms())
def test_the_check_and_the_engine_agree_on_what_can_be_reached(condition: Condition) -> None:
    """Against every way of answering, one answer at a time."""
    seen: set[str] = set()
    raised: set[str] = set()
    completed = False
    tried: set[bytes] = set()
    waiting: list[dict[str, Given]] = [{}]
    while waiting:
        answers = waiting.pop()
        key = msgspec.json.encode(sorted(answers.items()))
        if key in tried:
            continue
        tried.add(key)
        now = standing(condition, answers)
        seen |= {question.code for question in now.ask}
        raised |= set(now.reasons)
        completed |= now.outcome == "complete"
        waiting += [{**answers, question.code: one} for question in now.ask for one in every_answer(question)]
        if len(tried) > 3000:
            return
    paths = Paths(condition)
    assert {q.code for q in condition.questions if paths.to(q) is not None} == seen
    assert raised <= {flag.code for flag in condition.flags if paths.raising(flag) is not None}
    assert (paths.to_the_end() is not None) == completed


@settings(max_examples=200, deadline=None)
@given(forms(), st.data())
def test_the_same_answers_stand_the_same_in_any_order(condition: Condition, data: st.DataObject) -> None:
    answers, end = walk(condition, data)
    shuffled = dict(data.draw(st.permutations(list(answers.items()))))
    assert standing(condition, shuffled) == end
    assert standing(condition, answers) == end


@settings(max_examples=200, deadline=None)
@given(forms(), st.data())
def test_a_red_flag_stops_the_form_and_nothing_added_lifts_it(condition: Condition, data: st.DataObject) -> None:
    answers, end = walk(condition, data)
    for question in condition.questions:
        if end.outcome == "red-flag" and question.code not in answers and applies(question, answers):
            answers[question.code] = data.draw(answers_to(question))
            later = standing(condition, answers)
            assert later.outcome == "red-flag"
            assert later.ask == []
            assert set(end.reasons) <= set(later.reasons)


def test_what_is_unsuitable_waits_until_no_red_flag_can_be_left() -> None:
    now = standing(TO_BE_TESTED, {"one": "b"})
    assert (now.outcome, [question.code for question in now.ask]) == ("asking", ["number"])
    calm = standing(TO_BE_TESTED, {"one": "b", "number": Quantity(98.6, "°F")})
    assert (calm.outcome, calm.reasons, calm.offers) == ("unsuitable", ["b"], "visit")
    hot = standing(TO_BE_TESTED, {"one": "b", "number": Quantity(104, "°F")})
    assert (hot.outcome, hot.reasons, hot.offers) == ("red-flag", ["hot"], "emergency")


WRONG: list[tuple[str, Any, Wrong]] = [
    ("yes", "true", Wrong.WRONG_TYPE),
    ("yes", 1, Wrong.WRONG_TYPE),
    ("one", True, Wrong.WRONG_TYPE),
    ("one", ["a"], Wrong.WRONG_TYPE),
    ("one", "c", Wrong.UNKNOWN_OPTION),
    ("some", "a", Wrong.WRONG_TYPE),
    ("some", [1], Wrong.WRONG_TYPE),
    ("some", [], Wrong.TOO_FEW),
    ("some", ["a", "b", "c"], Wrong.TOO_MANY),
    ("some", ["a"] * 1_000_000, Wrong.TOO_MANY),
    ("some", ["a", "a"], Wrong.TWICE),
    ("some", ["a", "d"], Wrong.UNKNOWN_OPTION),
    ("some", ["a", "none"], Wrong.GOES_ALONE),
    ("number", 98.6, Wrong.WRONG_TYPE),
    ("number", Quantity(37, "°C"), Wrong.WRONG_UNIT),
    ("number", Quantity(94.9, "°F"), Wrong.OUT_OF_RANGE),
    ("number", Quantity(110.1, "°F"), Wrong.OUT_OF_RANGE),
    ("number", Quantity(float("nan"), "°F"), Wrong.OUT_OF_RANGE),
    ("number", Quantity(float("inf"), "°F"), Wrong.OUT_OF_RANGE),
    ("number", Quantity(98.66, "°F"), Wrong.TOO_PRECISE),
    ("text", 5, Wrong.WRONG_TYPE),
    ("text", " \n ", Wrong.EMPTY),
    ("text", "x" * 11, Wrong.TOO_LONG),
    ("photos", PHOTO, Wrong.WRONG_TYPE),
    ("photos", [], Wrong.TOO_FEW),
    ("photos", [PHOTO, *OTHER_PHOTOS], Wrong.TOO_MANY),
    ("photos", [PHOTO, PHOTO], Wrong.TWICE),
    ("photos", ["../etc/passwd"], Wrong.NOT_A_PHOTO),
    ("after", True, Wrong.NOT_ASKED),
]


@pytest.mark.parametrize(("question", "answer", "wrong"), WRONG, ids=lambda value: str(value)[:20])
def test_an_answer_that_does_not_fit_is_refused_and_named(question: str, answer: Any, wrong: Wrong) -> None:
    assert list(faults(TO_BE_TESTED, {question: answer})) == [Fault(question, wrong)]
    with pytest.raises(AnswersWrong):
        standing(TO_BE_TESTED, {question: answer})


def test_every_wrong_answer_is_named_in_one_go() -> None:
    wrong = {"text": "", "yes": "no", "what?": True, "some": ["a"]}
    assert list(faults(TO_BE_TESTED, wrong)) == [
        Fault("yes", Wrong.WRONG_TYPE),
        Fault("text", Wrong.EMPTY),
        Fault("", Wrong.UNKNOWN_QUESTION),
    ]


def test_an_answer_to_what_a_refused_answer_would_have_asked_is_refused_too() -> None:
    found = list(faults(TO_BE_TESTED, {"yes": "true", "after": True}))
    assert found == [Fault("yes", Wrong.WRONG_TYPE), Fault("after", Wrong.NOT_ASKED)]


def test_ten_thousand_answers_are_refused_before_one_is_looked_at() -> None:
    many: dict[str, Given] = {f"q{number}": "x" * 1000 for number in range(10_000)}
    began = time.perf_counter()
    for _ in range(100):
        assert list(faults(TO_BE_TESTED, many)) == [Fault("", Wrong.TOO_MANY)]
    assert time.perf_counter() - began < 0.5
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(many), type=GivenAnswers)


def test_answers_survive_the_wire() -> None:
    answers: dict[str, Given] = {
        "yes": False,
        "one": "a",
        "some": ["a", "b"],
        "number": Quantity(98.6, "°F"),
        "text": "hello",
        "photos": [PHOTO],
    }
    there = msgspec.json.decode(msgspec.json.encode(answers), type=GivenAnswers)
    assert there == answers
    assert standing(TO_BE_TESTED, there).outcome == "complete"


@pytest.mark.parametrize(
    ("age", "state", "reasons"),
    [
        (17, "CA", ["too-young"]),
        (18, "CA", []),
        (64, "CA", []),
        (65, "CA", ["too-old"]),
        (10, "AK", ["too-young", "state"]),
    ],
)
def test_who_is_not_treated_by_message_is_told_why(age: int, state: str, reasons: list[str]) -> None:
    assert not_for(TO_BE_TESTED, age=age, state=state, practice_states=PRACTICE.states) == reasons


def test_a_condition_is_treated_where_it_says_and_the_practice_is_open() -> None:
    here = msgspec.structs.replace(TO_BE_TESTED, states=frozenset({"CA", "AK"}))
    assert states_of(here, PRACTICE.states) == {"CA"}
    assert states_of(TO_BE_TESTED, PRACTICE.states) == PRACTICE.states
