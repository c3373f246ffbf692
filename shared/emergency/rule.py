"""A practice's signs made ready once, and the question whether one of them stands in a text."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.emergency.passed_over import Context, denied, long_ago, means_something_else, only_asked, within
from shared.emergency.patterns import parts, spelled_out
from shared.emergency.scan import Scanner, Text
from shared.emergency.text import plain, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.emergency.passed_over import Place
    from shared.practice.model import Emergency

AROUND = ("denials", "no_denials", "carried_on", "turns", "subjects", "past", "present", "asked", "other")


@dataclass(frozen=True)
class Ready:
    """One pattern of a sign: the numbers of its parts, and within how many words they stand."""

    kind: str
    parts: tuple[int, ...]
    within: int
    named: bool


class Rule:
    """The signs of one practice."""

    def __init__(self, emergency: Emergency) -> None:
        numbers: dict[str, int] = {}
        self._signs = [
            Ready(sign.kind, tuple(numbers.setdefault(p, len(numbers)) for p in parts(said)), sign.within, sign.named)
            for sign in emergency.signs
            for said in sign.said
        ]
        signs_with = Counter(part for ready in self._signs for part in set(ready.parts))
        self._with: dict[int, list[tuple[int, frozenset[int]]]] = defaultdict(list)
        for at, ready in enumerate(self._signs):
            self._with[min(ready.parts, key=signs_with.__getitem__)].append((at, frozenset(ready.parts)))
        sequences = [spelled_out(part, emergency.words) for part in numbers]
        self._first_context = len(sequences)
        for name in AROUND:
            entries = (spelled_out(entry, emergency.words) for entry in getattr(emergency.unless, name))
            sequences.append(frozenset().union(*entries))
        self._scanner = Scanner(sequences, frozenset(map(plain, emergency.fillers)))

    def heard(self, said: list[str]) -> str | None:
        """The kind of the first sign that stands in the words said and counts."""
        text = self._scanner.scan(said)
        signs = {number: places for number, places in text.places.items() if number < self._first_context}
        if not self._whole(set(signs)):
            return None
        around = {name: text.places.get(self._first_context + n, []) for n, name in enumerate(AROUND)}
        context = _context(text, around, said=within(place for places in signs.values() for place in places))
        silent, other = denied(context) | long_ago(context), within(around["other"])
        counted = {
            number: [place for place in places if place[0] not in silent and not means_something_else(place, other)]
            for number, places in signs.items()
        }
        asked = only_asked(context)
        whole = self._whole({number for number, places in counted.items() if places})
        return next((sign.kind for sign in whole if _stands(sign, counted, text, asked)), None)

    def _whole(self, parts: set[int]) -> list[Ready]:
        """The signs none of whose parts are missing, in their order; each is looked for at its rarest part."""
        whole = [at for part in parts if part in self._with for at, needed in self._with[part] if needed <= parts]
        return [self._signs[at] for at in sorted(whole)]


def _context(text: Text, around: Mapping[str, list[Place]], said: Mapping[int, Place]) -> Context:
    not_denying = within(around["no_denials"])
    firsts = {name: frozenset(first for first, _ in places) for name, places in around.items()}
    return Context(
        length=text.length,
        commas=text.commas,
        stops=text.stops,
        denials=frozenset(
            place[1] - 1
            for place in around["denials"]
            if not any(at in not_denying or at in said for at in range(*place))
        ),
        carried_on=firsts["carried_on"],
        turns=firsts["turns"],
        subjects=firsts["subjects"],
        past=firsts["past"],
        present=firsts["present"],
        asked=firsts["asked"],
    )


def _stands(sign: Ready, counted: Mapping[int, list[Place]], text: Text, asked: frozenset[int]) -> bool:
    """Whether all parts of the sign stand near one another in one sentence, none of them twice used."""
    found = sorted((*place, part) for part in set(sign.parts) for place in counted[part])
    if sign.named:
        found = [one for one in found if one[0] not in asked]
    latest: dict[int, Place] = {}
    for first, after, part in found:
        latest[part] = (first, after)
        if len(latest) == len(sign.parts) and _together(sorted(latest.values()), sign.within, text):
            return True
    return False


def _together(places: list[Place], most: int, text: Text) -> bool:
    first, after = places[0][0], max(place[1] for place in places)
    apart = all(one[1] <= other[0] for one, other in pairwise(places))
    near = text.meaning[after] - text.meaning[first] <= most
    return apart and near and text.stops.isdisjoint(range(first + 1, after))


@lru_cache(maxsize=8)
def _rule(emergency: Emergency) -> Rule:
    return Rule(emergency)


def heard(words: str, emergency: Emergency) -> str | None:
    """The kind of emergency that the words sound like, by the practice's signs, or nothing."""
    return heard_in(tokens(words), emergency)


def heard_in(said: list[str], emergency: Emergency) -> str | None:
    """The same of words that are already told apart."""
    return _rule(emergency).heard(said)
