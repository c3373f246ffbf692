"""Where a sign does not count: denied, long ago, only asked about, or part of words that mean something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Place = tuple[int, int]
"""The first word, and the one after the last."""
REACH = 6
"""How many words a denial reaches, unless `or` carries it on."""


@dataclass(frozen=True)
class Context:
    """What surrounds the signs in one text, as places."""

    length: int
    commas: frozenset[int]
    stops: frozenset[int]
    denials: frozenset[int]
    carried_on: frozenset[int]
    turns: frozenset[int]
    subjects: frozenset[int]
    past: frozenset[int]
    present: frozenset[int]
    asked: frozenset[int]


def denied(context: Context) -> frozenset[int]:
    """The words that a denial before them reaches: to the comma or the turn, through a list that ends in `or`."""
    left, reached = 0, set()
    for at in range(context.length):
        if at in context.stops or at in context.turns or at in context.subjects:
            left = 0
        elif left and at in context.commas:
            left = REACH if _goes_on(context, at) else 0
        if left:
            reached.add(at)
            left = REACH if at in context.carried_on else left - 1
        if at in context.denials:
            left = REACH
    return frozenset(reached)


def _goes_on(context: Context, comma: int) -> bool:
    """Whether a list goes on behind the comma: a few words, then another comma or `or`, the last being `or`."""
    left = REACH
    for at in range(comma, min(comma + 3 * REACH, context.length)):
        if at in context.carried_on:
            return True
        if at in context.stops or at in context.turns or at in context.subjects or not left:
            return False
        left = REACH if at in context.commas else left - 1
    return False


def long_ago(context: Context) -> frozenset[int]:
    """The words of every clause that says when it was, unless its sentence also says that it is now."""
    if not context.past:
        return frozenset()
    now = _sentences_with(context, context.present)
    breaks = context.commas | context.stops | context.turns
    clause_of, sentence_of = _numbered(context.length, breaks), _numbered(context.length, context.stops)
    old = {clause_of[first] for first in context.past if sentence_of[first] not in now}
    return frozenset(at for at, clause in enumerate(clause_of) if clause in old)


def only_asked(context: Context) -> frozenset[int]:
    """The words of every sentence that asks about something, unless it also says that it is now."""
    if not context.asked:
        return frozenset()
    asking = _sentences_with(context, context.asked) - _sentences_with(context, context.present)
    return frozenset(at for at, n in enumerate(_numbered(context.length, context.stops)) if n in asking)


def within(places: Iterable[Place]) -> dict[int, Place]:
    """For each word, the place that covers it."""
    return {at: place for place in places for at in range(*place)}


def means_something_else(place: Place, other: Mapping[int, Place]) -> bool:
    """Whether other words take one of this place's, unless they lie wholly within it."""
    first, after = place
    taken = (other[at] for at in range(first, after) if at in other)
    return any(a < first or after < b for a, b in taken)


def _sentences_with(context: Context, places: frozenset[int]) -> set[int]:
    sentence_of = _numbered(context.length, context.stops) if places else []
    return {sentence_of[first] for first in places}


def _numbered(length: int, breaks: frozenset[int]) -> list[int]:
    number, numbers = 0, []
    for at in range(length):
        number += at in breaks
        numbers.append(number)
    return numbers
