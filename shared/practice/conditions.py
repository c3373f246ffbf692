"""A condition treated by message, as data: for whom, at what price, which questions, and what stops them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from shared.practice.entry import Entry
from shared.requests.common import Cents, Code, State

Age = Annotated[int, Meta(ge=0, le=120, description="Whole years.")]
Text = Annotated[str, Meta(min_length=1, max_length=600, description="What the patient reads.")]
Unit = Literal["°F", "mmHg", "beats/min", "mg/dL", "mIU/L", "lb", "in", "hours", "days", "weeks", "months", "times"]
Offer = Literal["emergency", "person", "visit"]


class When(Entry, frozen=True, kw_only=True):
    """A test on an earlier answer: `yes` of a yes-no, `any_of` and `none_of` of a choice, the bounds of a number.

    It does not hold while the question is unanswered. Several tests in a list must all hold.
    """

    question: Code
    yes: bool | None = None
    any_of: list[Code] = []
    none_of: list[Code] = []
    at_least: float | None = None
    at_most: float | None = None


class Asked(Entry, frozen=True, kw_only=True, tag_field="type"):
    """What every question has. It is asked when all of `when` holds; nothing may look at an `optional` one."""

    code: Code
    asks: Text
    when: list[When] = []
    optional: bool = False


class YesNo(Asked, frozen=True, kw_only=True, tag="yes-no", tag_field="type"):
    """Yes or no."""


class Option(Entry, frozen=True, kw_only=True):
    """One thing to choose; `alone` (none of these) goes with no other."""

    code: Code
    text: Text
    alone: bool = False


class Choice(Asked, frozen=True, kw_only=True, tag="choice", tag_field="type"):
    """Exactly one of the options."""

    options: list[Option]


class Choices(Asked, frozen=True, kw_only=True, tag="choices", tag_field="type"):
    """One or more of the options, at most `most` of them."""

    options: list[Option]
    most: int | None = None


class Number(Asked, frozen=True, kw_only=True, tag="number", tag_field="type"):
    """A number in `unit`, from `least` to `most`, both included, with so many decimals."""

    unit: Unit
    least: float
    most: float
    decimals: Annotated[int, Meta(ge=0, le=2)] = 0


class FreeText(Asked, frozen=True, kw_only=True, tag="text", tag_field="type"):
    """The patient's own words, at most `longest` characters."""

    longest: Annotated[int, Meta(ge=1, le=4000)] = 1000


class Photos(Asked, frozen=True, kw_only=True, tag="photos", tag_field="type"):
    """Photos of the place, by the ids of their attachments."""

    fewest: Annotated[int, Meta(ge=1, le=10)] = 1
    most: Annotated[int, Meta(ge=1, le=10)] = 3


Question: TypeAlias = YesNo | Choice | Choices | Number | FreeText | Photos


class RedFlag(Entry, frozen=True, kw_only=True):
    """Answers that need somebody now: the form stops, `says` is shown and an emergency call or a person offered."""

    code: Code
    when: list[When]
    says: Text
    offers: Literal["emergency", "person"]


class Unsuitable(Entry, frozen=True, kw_only=True):
    """Answers that cannot be treated by message: the form stops, and a visit or a person is offered."""

    code: Code
    when: list[When]
    says: Text
    offers: Literal["visit", "person"] = "visit"


class Source(Entry, frozen=True, kw_only=True):
    """A public page: a `catalogue` that shows the condition treated by message, or a `guideline` on its care."""

    shows: Literal["catalogue", "guideline"]
    title: Text
    url: str


class Condition(Entry, frozen=True, kw_only=True):
    """A condition treated by message.

    `basis` is `confirmed` where a public catalogue treats it by message, `own` where the practice decided it.
    Ages are whole years, both ends included. No `states` means every state the practice is open in.
    `visit_type` is the visit offered where the message does not suit, at `visit_price_cents`.
    """

    code: Code
    name: Text
    about: Text
    kind: Literal["new", "renewal"]
    basis: Literal["confirmed", "own"]
    youngest: Age
    oldest: Age
    states: frozenset[State] | None = None
    message_price_cents: Cents
    visit_price_cents: Cents
    visit_type: Code
    questions: list[Question]
    red_flags: list[RedFlag]
    unsuitable: list[Unsuitable]
    sources: list[Source]

    @property
    def flags(self) -> list[RedFlag | Unsuitable]:
        """Everything that stops the form, red flags first."""
        return [*self.red_flags, *self.unsuitable]


def states_of(condition: Condition, practice_states: frozenset[State]) -> frozenset[State]:
    """Where the condition is treated."""
    return practice_states if condition.states is None else condition.states & practice_states
