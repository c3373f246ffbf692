"""A second opinion beside the signs: how likely words are an emergency, by weights learned from labelled phrases.

The weights stand in learned.txt, whose head tells how they were made. Nothing but sums is needed to use them.
"""

from __future__ import annotations

import math
from array import array
from base64 import b85decode
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from shared.emergency.ngrams import NEAR, Words, of_meanings, of_pair, of_three, of_word, words_of

FILE = Path(__file__).with_name("learned.txt")


@dataclass(frozen=True)
class Learned:
    """The weights in steps of `step`, the bias, and the digest of what they were made from."""

    weights: array[int]
    step: float
    bias: float
    digest: str


@lru_cache(maxsize=1)
def learned() -> Learned:
    """What stands in the file."""
    lines = FILE.read_text(encoding="ascii").splitlines()
    head = dict(line.split(" = ") for line in lines if line[:1].isalpha())
    body = "".join(line[1:] for line in lines if line.startswith(":"))
    return Learned(array("b", b85decode(body)), float(head["step"]), float(head["bias"]), head["digest"])


learned()  # Read with the program, never in the loop.


@lru_cache(maxsize=16_384)
def _word(word: str, denied: bool) -> int:
    return _weights(of_word(word, denied=denied))


@lru_cache(maxsize=16_384)
def _meant(ones: tuple[str, ...], others: tuple[str, ...]) -> int:
    return _weights([of_meanings(one, other) for one in ones for other in others])


def _weights(numbers: list[int]) -> int:
    weights = learned().weights
    return sum(weights[number] for number in numbers)


def _reaching_back(words: Words) -> list[list[tuple[int, int]]]:
    """For each word the places before it that it counts together with, and what each adds."""
    said, weights = words.said, learned().weights
    found: list[list[tuple[int, int]]] = []
    meaning: list[tuple[int, tuple[str, ...]]] = []
    for at, word in enumerate(said):
        back = []
        if at:
            back.append((at - 1, weights[of_pair(said[at - 1], word)]))
        if at > 1:
            back.append((at - 2, weights[of_three(said[at - 2], said[at - 1], word)]))
        if meant := words.meant[at]:
            back += [(before, _meant(meant, other)) for before, other in meaning[-NEAR:] if before >= at - NEAR]
            meaning.append((at, meant))
        found.append(back)
    return found


def scores(text: str) -> list[float]:
    """How much each window of a text speaks for an emergency: above nothing it is likelier than not."""
    known, words = learned(), words_of(text)
    back = _reaching_back(words)
    own = map(_word, words.said, words.denied)
    upto = list(accumulate((one + sum(w for _, w in by) for one, by in zip(own, back, strict=True)), initial=0))
    # What reaches back over the beginning of a window does not belong to it.
    over = {
        first: sum(w for by in back[first : first + NEAR] for before, w in by if before < first)
        for first in {first for first, _ in words.windows}
    }
    return [
        known.bias + known.step * (upto[after] - upto[first] - _within(back, first, after, over[first])) * shrunk(n)
        for first, after in words.windows
        for n in (after - first,)
    ]


def _within(back: list[list[tuple[int, int]]], first: int, after: int, over: int) -> int:
    """What reaches back over the beginning of a window, where the window is shorter than the reach."""
    if after - first >= NEAR:
        return over
    return sum(w for by in back[first:after] for before, w in by if before < first)


def shrunk(length: int) -> float:
    """What a sum is multiplied by: long windows say more words, not more."""
    return 1 / math.sqrt(length + 2)


def chance(text: str) -> float:
    """How likely the likeliest window of a text is an emergency, from 0 to 1."""
    most = max(scores(text), default=-30.0)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, most))))
