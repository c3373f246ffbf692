"""The form of a condition: questions that can be answered, tests that fit them, and no dead end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shared.practice.conditions import (
    Choice,
    Choices,
    Condition,
    FreeText,
    Number,
    Photos,
    Question,
    When,
    YesNo,
)
from shared.practice.files import condition_file
from shared.practice.forms import leading_to
from shared.practice.paths import Paths, TooEntangled
from shared.practice.problems import Problem
from shared.requests.consults import MOST_QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.practice.model import Practice


PARTS = ("yes", "any_of", "none_of", "at_least", "at_most")


class Said(NamedTuple):
    """What is wrong with a form: at which entry, what, and what to do."""

    entry: str
    wrong: str
    do: str


def forms(practice: Practice) -> Iterable[Problem]:
    """Every form can be answered to the end; its paths are followed once its entries and tests are right."""
    for code, condition in practice.conditions.items():
        said = [*_codes(condition), *_answerable(condition), *_tests(condition)]
        for one in said or _paths(condition):
            yield Problem(condition_file(code), *one)


def _codes(condition: Condition) -> Iterator[Said]:
    if len(condition.questions) > MOST_QUESTIONS:
        yield Said("questions", f"asks more than {MOST_QUESTIONS} questions.", "Ask fewer.")
    flags = condition.flags
    for code in _twice(question.code for question in condition.questions):
        yield Said(f"question {code}", "is there twice.", "Give every question a code of its own.")
    for code in _twice(flag.code for flag in flags):
        yield Said(f"flag {code}", "is there twice.", "Give every flag a code of its own.")
    for at, flag in enumerate(flags):
        same = next((other.code for other in flags[:at] if other.when == flag.when), None)
        if same is not None and flag.when:
            yield Said(f"flag {flag.code}", f"looks at the same answers as '{same}'.", "Keep one of them.")


def _answerable(condition: Condition) -> Iterator[Said]:
    for question in condition.questions:
        entry = f"question {question.code}"
        match question:
            case Choice() | Choices():
                yield from _options(question, entry)
            case Number() if question.least >= question.most:
                wrong = f"no number is from {question.least:g} to {question.most:g}."
                yield Said(entry, wrong, "Exchange 'least' and 'most'.")
            case Photos() if question.fewest > question.most:
                wrong = f"nobody can send at least {question.fewest} and at most {question.most} photos."
                yield Said(entry, wrong, "Exchange 'fewest' and 'most'.")
            case _:
                pass


def _options(question: Choice | Choices, entry: str) -> Iterator[Said]:
    if len(question.options) < 2:
        yield Said(entry, "leaves nothing to choose.", "Give at least two options.")
    for what, twice in (
        ("option", _twice(option.code for option in question.options)),
        ("option's text", _twice(option.text.casefold() for option in question.options)),
    ):
        yield from (Said(entry, f"the {what} '{one}' is there twice.", "Keep one of them.") for one in twice)
    most = question.most if isinstance(question, Choices) else None
    if most is not None and not 1 <= most <= len(question.options):
        yield Said(entry, f"nobody can choose {most} of its options.", "Correct 'most'.")


def _tests(condition: Condition) -> Iterator[Said]:
    questions = {question.code: question for question in condition.questions}
    before: set[str] = set()
    for question in condition.questions:
        for test in question.when:
            entry = f"question {question.code}"
            if test.question in questions and test.question not in before:
                yield _too_early(condition, question, test)
            yield from _test(questions.get(test.question), test, entry)
        before.add(question.code)
    for flag in condition.flags:
        if not flag.when:
            yield Said(f"flag {flag.code}", "looks at no answer.", "Say in 'when' which answers raise it.")
        for test in flag.when:
            yield from _test(questions.get(test.question), test, f"flag {flag.code}")


def _too_early(condition: Condition, question: Question, test: When) -> Said:
    entry = f"question {question.code}"
    if question.code in leading_to(condition, [test]):
        wrong = f"is asked after '{test.question}', which is asked after it: a circle."
        return Said(entry, wrong, "Take one of the conditions out.")
    return Said(entry, f"is asked before '{test.question}', which it looks at.", "Exchange the two questions.")


def _test(question: Question | None, test: When, entry: str) -> Iterator[Said]:
    if question is None:
        yield Said(entry, f"looks at the unknown question '{test.question}'.", "Use the code of a question above.")
        return
    if question.optional:
        do = f"Take 'optional' from '{test.question}'; safety cannot hang on it."
        yield Said(entry, f"looks at '{test.question}', which may be left out.", do)
    fits = {YesNo: {"yes"}, Choice: {"any_of", "none_of"}, Number: {"at_least", "at_most"}}
    fits |= {Choices: fits[Choice], FreeText: set(), Photos: set()}
    used = {part for part in PARTS if getattr(test, part) not in (None, [])}
    known = ", ".join(sorted(fits[type(question)])) or "nothing: no test fits words and photos"
    for part in sorted(used - fits[type(question)]):
        yield Said(entry, f"'{part}' does not fit the answer to '{test.question}'.", f"Use {known}.")
    if not used:
        yield Said(entry, f"looks at '{test.question}' and tests nothing.", f"Use {known}.")
    if isinstance(question, Choice | Choices):
        options = {option.code for option in question.options}
        for code in sorted({*test.any_of, *test.none_of} - options):
            do = f"Use one of {', '.join(sorted(options))}."
            yield Said(entry, f"'{code}' is no option of '{test.question}'.", do)


def _paths(condition: Condition) -> Iterator[Said]:
    paths = Paths(condition)
    try:
        for question in condition.questions:
            if paths.to(question) is None:
                do = "Change its 'when'; nobody's answers lead to it, or a flag stops all who come near."
                yield Said(f"question {question.code}", "nobody is ever asked this.", do)
        for flag in condition.flags:
            if paths.raising(flag) is None:
                do = "Change its 'when'; no answers raise it, or a red flag is always raised with it."
                yield Said(f"flag {flag.code}", "can never be raised.", do)
        if paths.to_the_end() is None:
            yield Said("questions", "nobody can complete this form.", "Some flag stops everybody; correct it.")
    except TooEntangled:
        yield Said("questions", "its conditions are too entangled to be checked.", "Make the form simpler.")


def _twice(codes: Iterable[str]) -> list[str]:
    return [code for code, times in Counter(codes).items() if times > 1]
