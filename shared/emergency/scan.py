"""One pass over a text that finds where each part of every pattern stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from shared.emergency.text import COMMA, STOPS, tokens
from shared.emergency.vocabulary import Vocabulary

if TYPE_CHECKING:
    from shared.emergency.patterns import Sequences


@dataclass
class Node:
    """Where a sequence of words has come to: what may follow, and which parts end here."""

    then: dict[str, Node] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Waiting:
    """Sequences begun whose next word is still awaited behind fillers, and how many of those were passed."""

    nodes: list[Node]
    passed: int


NOTHING_WAITS = Waiting([], 0)


@dataclass(frozen=True)
class Text:
    """What was found: the words, where commas and stops follow, and for each part its places as (first, after last).

    `meaning` says for each place how many words before it are no fillers.
    """

    words: list[str]
    meaning: list[int]
    commas: frozenset[int]
    stops: frozenset[int]
    places: dict[int, list[tuple[int, int]]]


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

    def scan(self, text: str) -> Text:
        """Every place of every part; a part does not go on over a stop."""
        words, commas, stops = _split(text)
        read = [self._read(token) for token in words]
        places: dict[int, list[tuple[int, int]]] = {}
        filling = [word in self._fillers for word in words]
        for first, (_, begun) in enumerate(read):
            if not begun:
                continue
            at, reached, waiting = first, begun, NOTHING_WAITS
            while reached or waiting.nodes:
                at += 1
                for node in reached:
                    for number in node.ends:
                        places.setdefault(number, []).append((first, at))
                if at == len(words) or at in stops:
                    break
                nodes = [*reached, *waiting.nodes] if waiting.nodes else reached
                waiting = _passing(reached, waiting) if filling[at] else NOTHING_WAITS
                reached = [node.then[word] for node in nodes for word in read[at][0] if word in node.then]
        meaning = [0, *accumulate(not filler for filler in filling)]
        return Text(words, meaning, commas, stops, places)

    def _met(self, token: str) -> tuple[tuple[str, ...], list[Node]]:
        """The words that a typed one may be, and what begins with it."""
        meant = self._vocabulary.of(token)
        return meant, [self._root.then[word] for word in meant if word in self._root.then]


def _passing(reached: list[Node], waiting: Waiting) -> Waiting:
    """The sequences that go on behind a filler as if it were not there."""
    go_on = [node for node in reached if node.then]
    if waiting.passed < MOST_FILLERS:
        return Waiting([*go_on, *waiting.nodes], waiting.passed + 1)
    return Waiting(go_on, 1) if go_on else NOTHING_WAITS


def _split(text: str) -> tuple[list[str], frozenset[int], frozenset[int]]:
    words: list[str] = []
    commas, stops = set(), set()
    for token in tokens(text):
        if token == COMMA:
            commas.add(len(words))
        elif token in STOPS:
            stops.add(len(words))
        else:
            words.append(token)
    return words, frozenset(commas), frozenset(stops)
