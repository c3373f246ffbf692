"""Ways through a form: answers that lead to a question, raise a flag or finish it, where there are any."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING
from uuid import UUID

from shared.practice.answers import all_hold, applies, holds
from shared.practice.conditions import Choice, Choices, FreeText, Number, Photos, Unsuitable, YesNo
from shared.practice.forms import leading_to, looked_at_by_red_flags
from shared.requests.consults import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.practice.answers import Answers
    from shared.practice.conditions import Condition, Question, RedFlag, When
    from shared.requests.consults import Given

MOST_STEPS = 20_000


class TooEntangled(Exception):
    """The form's conditions are too entangled to be followed."""


class Paths:
    """Searches one form. Its tests must look at questions that exist and come earlier."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self._urgent = looked_at_by_red_flags(condition)
        tests = list(_tests(condition))
        self._ways = {
            question.code: _told_apart(question, [test for test in tests if test.question == question.code])
            for question in condition.questions
        }
        self._before = {question.code: leading_to(condition, question.when) for question in condition.questions}
        self._steps = 0

    def to(self, question: Question) -> Answers | None:
        """Answers after which the question is asked."""
        return self._answers(self._before[question.code], lambda answers: self._asked(question, answers))

    def raising(self, flag: RedFlag | Unsuitable) -> Answers | None:
        """Answers that raise the flag; for what is unsuitable, without a red flag that would outdo it."""

        def raised(answers: Answers) -> bool:
            return all_hold(flag.when, answers) and not (isinstance(flag, Unsuitable) and self._red(answers))

        return self._answers(leading_to(self.condition, flag.when), raised)

    def to_the_end(self) -> Answers | None:
        """Answers that complete the form."""
        return self._complete([one for one in self.condition.questions if not one.optional], {})

    def _answers(self, needed: set[str], fits: Callable[[Answers], bool]) -> Answers | None:
        questions = [question for question in self.condition.questions if question.code in needed]
        return next((found for found in self._all_answered(questions, {}) if fits(found)), None)

    def _all_answered(self, questions: list[Question], answers: dict[str, Given]) -> Iterator[Answers]:
        if not questions:
            yield answers
            return
        question = questions[0]
        if self._asked(question, answers):
            for way in self._each_way(question):
                yield from self._all_answered(questions[1:], {**answers, question.code: way})

    def _complete(self, questions: list[Question], answers: dict[str, Given]) -> Answers | None:
        if any(all_hold(flag.when, answers) for flag in self.condition.flags):
            return None
        if not questions:
            return answers
        if not applies(questions[0], answers):
            return self._complete(questions[1:], answers)
        tried = (self._complete(questions[1:], {**answers, questions[0].code: w}) for w in self._each_way(questions[0]))
        return next((found for found in tried if found is not None), None)

    def _asked(self, question: Question, answers: Answers) -> bool:
        """Whether the question is asked of somebody who answered no more than what leads to it."""
        known = {code: answer for code, answer in answers.items() if code in self._before[question.code]}
        if not applies(question, known) or self._red(known):
            return False
        return question.code in self._urgent or not any(
            all_hold(flag.when, known) for flag in self.condition.unsuitable
        )

    def _red(self, answers: Answers) -> bool:
        return any(all_hold(flag.when, answers) for flag in self.condition.red_flags)

    def _each_way(self, question: Question) -> Iterator[Given]:
        for way in self._ways[question.code]:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise TooEntangled
            yield way


def _tests(condition: Condition) -> Iterator[When]:
    for question in condition.questions:
        yield from question.when
    for flag in condition.flags:
        yield from flag.when


def _told_apart(question: Question, tests: list[When]) -> list[Given]:
    """One answer for every way in which the form's tests tell answers to this question apart."""
    ways: dict[tuple[bool, ...], Given] = {}
    for tried, answer in enumerate(_possible(question, tests)):
        if tried > MOST_STEPS:
            raise TooEntangled
        ways.setdefault(tuple(holds(test, {question.code: answer}) for test in tests), answer)
    return list(ways.values())


def _possible(question: Question, tests: list[When]) -> Iterable[Given]:
    match question:
        case YesNo():
            return (False, True)
        case Choice():
            return [option.code for option in question.options]
        case Choices():
            return _sets(question, tests)
        case Number():
            return _numbers(question, tests)
        case FreeText():
            return ("x",)
        case Photos():
            return ([str(UUID(int=number)) for number in range(question.fewest)],)


def _sets(question: Choices, tests: list[When]) -> Iterator[Given]:
    """Sets of options; one of each kind that the tests treat alike, since more of a kind tell nothing more."""
    alike: dict[tuple[bool, ...], str] = {}
    for option in question.options:
        if option.alone:
            yield [option.code]
        else:
            seen = tuple(option.code in codes for test in tests for codes in (test.any_of, test.none_of))
            alike.setdefault(seen, option.code)
    most = min(question.most or len(alike), len(alike), 2 * len(tests) + 1)
    for size in range(1, most + 1):
        yield from (list(some) for some in combinations(alike.values(), size))


def _numbers(question: Number, tests: list[When]) -> Iterator[Given]:
    """The ends of the range, and the numbers around every bound that is tested."""
    scale = 10**question.decimals
    bounds = [bound for test in tests for bound in (test.at_least, test.at_most) if bound is not None]
    around = {round(bound * scale) + step for bound in (*bounds, question.least, question.most) for step in (-1, 0, 1)}
    for number in sorted(around):
        if question.least <= number / scale <= question.most:
            yield Quantity(number / scale, question.unit)
