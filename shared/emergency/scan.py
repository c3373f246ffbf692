"""One pass over a text that finds where each part of every pattern stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from shared.emergency.text import BREAKS, COMMA
from shared.emergency.vocabulary import Vocabulary

if TYPE_CHECKING:
    from shared.emergency.patterns import Sequences


@dataclass
class Node:
    """Where a sequence of words has come to: what may follow, and which parts end here."""

    then: dict[str, Node] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)


class Waiting(NamedTuple):
    """Sequences begun whose next word is still awaited behind fillers, and how many of those were passed."""

    nodes: list[Node]
    passed: int


NOTHING_WAITS = Waiting([], 0)


Met = tuple[tuple[str, ...], bool, tuple[int, ...], list[Node], frozenset[str]]
"""A typed word: what it may be, whether it fills, which parts end with it, the nodes it begins, and what may follow.

A plain tuple, since it is taken apart for every word.
"""
NOBODY: Met = ((), False, (), [], frozenset())
"""What stands behind the last word before a stop."""


@dataclass(frozen=True)
class Text:
    """What was found: the words, where commas and stops follow, and for each part its places as (first, after last)."""

    words: list[Met]
    commas: frozenset[int]
    stops: frozenset[int]
    places: dict[int, list[tuple[int, int]]]

    @property
    def length(self) -> int:
        """How many words there are."""
        return len(self.words)

    @cached_property
    def meaning(self) -> list[int]:
        """For each place, how many words before it are no fillers."""
        return [0, *accumulate(not fills for _, fills, *_ in self.words)]


WORDS_KEPT = 8192
"""How many typed words are remembered with what they may mean; people use the same few thousand again and again."""

MOST_FILLERS = 2
"""How many words in a row may stand between two words of a part without meaning anything: "water *just* broke"."""


class Scanner:
    """Parts, numbered in the order given, to look for all at once; `fillers` are words to pass over between theirs."""

    def __init__(self, parts: list[Sequences], fillers: frozenset[str] = frozenset()) -> None:
        self._root = Node()
        self._fillers = fillers
        for number, sequences in enumerate(parts):
            for sequence in sequences:
                node = self._root
                for word in sequence:
                    node = node.then.setdefault(word, Node())
                node.ends.append(number)
        self._vocabulary = Vocabulary(word for sequences in parts for sequence in sequences for word in sequence)
        self._read = lru_cache(maxsize=WORDS_KEPT)(self._met)

    def scan(self, said: list[str]) -> Text:
        """Every place of every part; a part does not go on over a stop."""
        read: list[Met] = []
        commas: list[int] = []
        stops: list[int] = []
        for token in said:
            if token in BREAKS:
                (commas if token == COMMA else stops).append(len(read))
            else:
                read.append(self._read(token))
        text = Text(read, frozenset(commas), frozenset(stops), {})
        behind = [*read[1:], NOBODY]
        for stop in stops:
            behind[stop - 1] = NOBODY
        for first, ((_, _, ends, begun, follow), (meant, fills, _, _, _)) in enumerate(zip(read, behind, strict=False)):
            for number in ends:
                text.places.setdefault(number, []).append((first, first + 1))
            if begun and ((meant and not follow.isdisjoint(meant)) or (fills and _goes_on(behind, first, follow))):
                _walk(text, behind, first, begun)
        return text

    def _met(self, token: str) -> Met:
        meant = self._vocabulary.of(token)
        begun = [self._root.then[word] for word in meant if word in self._root.then]
        ends = tuple(number for node in begun for number in node.ends)
        follow = frozenset(word for node in begun for word in node.then)
        return meant, token in self._fillers, ends, [node for node in begun if node.then], follow


def _goes_on(behind: list[Met], first: int, follow: frozenset[str]) -> bool:
    """Whether behind the filler there, and as many more as may be, stands a word of those that may follow."""
    for meant, fills, _, _, _ in behind[first + 1 : first + 1 + MOST_FILLERS]:
        if not follow.isdisjoint(meant):
            return True
        if not fills:
            return False
    return False


def _walk(text: Text, behind: list[Met], first: int, reached: list[Node]) -> None:
    """Finds every place that begins with the first word, whose nodes are reached, and is longer than it."""
    at, waiting = first, NOTHING_WAITS
    while reached or waiting.nodes:
        meant, fills, _, _, _ = behind[at]
        nodes = [*reached, *waiting.nodes] if waiting.nodes else reached
        waiting = _passing(reached, waiting) if fills else NOTHING_WAITS
        reached = [node.then[word] for node in nodes for word in meant if word in node.then]
        at += 1
        for node in reached:
            for number in node.ends:
                text.places.setdefault(number, []).append((first, at + 1))


def _passing(reached: list[Node], waiting: Waiting) -> Waiting:
    """The sequences that go on behind a filler as if it were not there."""
    go_on = [node for node in reached if node.then]
    if waiting.passed < MOST_FILLERS:
        return Waiting([*go_on, *waiting.nodes], waiting.passed + 1)
    return Waiting(go_on, 1) if go_on else NOTHING_WAITS
