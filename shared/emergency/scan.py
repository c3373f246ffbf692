"""One pass over a text that finds where each part of every pattern stands."""

from __future__ import annotations

from dataclasses import dataclass, field
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
class Text:
    """What was found: the words, where commas and stops follow, and for each part its places as (first, after last)."""

    words: list[str]
    commas: frozenset[int]
    stops: frozenset[int]
    places: dict[int, list[tuple[int, int]]]


class Scanner:
    """Parts, numbered in the order given, to look for all at once."""

    def __init__(self, parts: list[Sequences]) -> None:
        self._root = Node()
        for number, sequences in enumerate(parts):
            for sequence in sequences:
                node = self._root
                for word in sequence:
                    node = node.then.setdefault(word, Node())
                node.ends.append(number)
        self._vocabulary = Vocabulary(word for sequences in parts for sequence in sequences for word in sequence)

    def scan(self, text: str) -> Text:
        """Every place of every part; a part does not go on over a stop."""
        words, commas, stops = _split(text)
        meant = {token: self._vocabulary.of(token) for token in set(words)}
        begun = {token: [self._root.then[word] for word in meant[token] if word in self._root.then] for token in meant}
        places: dict[int, list[tuple[int, int]]] = {}
        for first, token in enumerate(words):
            at, nodes = first, begun[token]
            while nodes:
                at += 1
                for node in nodes:
                    for number in node.ends:
                        places.setdefault(number, []).append((first, at))
                if at == len(words) or at in stops:
                    break
                nodes = [node.then[word] for node in nodes for word in meant[words[at]] if word in node.then]
        return Text(words, commas, stops, places)


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
