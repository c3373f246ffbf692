"""The form engine: where a patient stands who answered so, and what is asked next. It reads and keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from shared.errors import Invalid
from shared.practice.answers import all_hold, applies, faults
from shared.practice.conditions import Condition, Offer, Question, RedFlag, Unsuitable, When, states_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.practice.answers import Answers
    from shared.requests.common import State


class AnswersWrong(Invalid):
    """Some answers do not fit their questions. Correct the ones named in `faults` and send them again."""

    code = "answers-wrong"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the form stands: what is asked now, in order, or why it has stopped.

    `ask` of a complete form holds only what may still be added. A red flag or unsuitable form asks nothing.
    """

    outcome: Literal["asking", "complete", "red-flag", "unsuitable"]
    ask: list[Question] = []
    flags: Sequence[RedFlag | Unsuitable] = ()

    @property
    def reasons(self) -> list[str]:
        """The codes of what stopped the form, in its order."""
        return [flag.code for flag in self.flags]

    @property
    def offers(self) -> Offer | None:
        """What is offered instead, the most urgent first."""
        offered = {flag.offers for flag in self.flags}
        return next((offer for offer in URGENCY if offer in offered), None)


URGENCY: tuple[Offer, ...] = ("emergency", "person", "visit")


def standing(condition: Condition, answers: Answers) -> Standing:
    """Where the form stands with these answers; raises AnswersWrong, naming each that does not fit."""
    wrong = list(faults(condition, answers))
    if wrong:
        raise AnswersWrong(faults=wrong)
    return stands(condition, answers)


def stands(condition: Condition, answers: Answers) -> Standing:
    """Where the form stands with answers that are known to fit.

    A red flag stops it at once. What does not suit a message stops it when nothing a red flag looks at is left to ask,
    so that nobody is sent to a visit who should have called for help.
    """
    red = [flag for flag in condition.red_flags if all_hold(flag.when, answers)]
    if red:
        return Standing(outcome="red-flag", flags=red)
    ask = [one for one in condition.questions if one.code not in answers and applies(one, answers)]
    unsuitable = [flag for flag in condition.unsuitable if all_hold(flag.when, answers)]
    if unsuitable:
        urgent = looked_at_by_red_flags(condition)
        ask = [one for one in ask if one.code in urgent]
    if any(not one.optional for one in ask):
        return Standing(outcome="asking", ask=ask)
    if unsuitable:
        return Standing(outcome="unsuitable", flags=unsuitable)
    return Standing(outcome="complete", ask=ask)


def looked_at_by_red_flags(condition: Condition) -> set[str]:
    """The questions that red flags look at, with those that lead to them."""
    return leading_to(condition, (test for flag in condition.red_flags for test in flag.when))


def leading_to(condition: Condition, tests: Iterable[When]) -> set[str]:
    """The questions that the tests look at, and all that must be answered before those are asked."""
    questions = {question.code: question for question in condition.questions}
    found: set[str] = set()
    waiting = [test.question for test in tests]
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting += [test.question for test in questions[code].when] if code in questions else []
    return found


NotFor = Literal["too-young", "too-old", "state"]


def not_for(condition: Condition, *, age: int, state: State, practice_states: frozenset[State]) -> list[NotFor]:
    """Why somebody of this age, in whole years, in this state is not treated by message; empty if they are."""
    reasons: list[NotFor] = []
    if age < condition.youngest:
        reasons.append("too-young")
    if age > condition.oldest:
        reasons.append("too-old")
    if state not in states_of(condition, practice_states):
        reasons.append("state")
    return reasons
