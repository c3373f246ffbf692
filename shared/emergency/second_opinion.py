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
from operator import add
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from shared.emergency.ngrams import DENIALS, NEAR, REACH, SIZE, known_as, meanings, of_meanings, of_word, windows
from shared.emergency.text import BREAKS, COMMA, tokens

FILE = Path(__file__).with_name("learned.txt")
MEANINGS_KEPT = 512
"""How many meanings of words are remembered, and for each with how many others it has met."""


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


Known = tuple[int, int, str, int, bytes, bool]
"""A typed word: what it adds, plain and denied, what it means, its crc32, its bytes behind a space, whether it denies.

A plain tuple, like all that is made for every word: it is taken apart sooner than one with names.
"""


@lru_cache(maxsize=16_384)
def _known(token: str) -> Known:
    word = known_as(token)
    plain, denied = (_weights(of_word(word, denied=no)) for no in (False, True))
    letters = word.encode()
    return plain, denied, " ".join(meanings(word)), crc32(letters), b" " + letters, token in DENIALS


class Near(dict[str, int]):
    """What the meanings of a word add together with those of another near it, reckoned when they first meet."""

    def __init__(self, meant: str) -> None:
        self._meant = meant.split()

    def __missing__(self, other: str) -> int:
        if len(self) >= MEANINGS_KEPT:
            self.clear()
        self[other] = worth = _weights([of_meanings(one, two) for one in self._meant for two in other.split()])
        return worth


_near = lru_cache(maxsize=MEANINGS_KEPT)(Near)


def _weights(numbers: list[int]) -> int:
    weights = learned().weights
    return sum(weights[number] for number in numbers)


class Worth(NamedTuple):
    """What all words up to each add, and what of it each adds with words before it; where sentences begin, and the end.

    `pairs` are with the one word before, `threes` with the two; `backs` are their meanings near those before, if any.
    """

    upto: list[int]
    pairs: list[int]
    threes: list[int]
    backs: list[list[int] | None]
    starts: list[int]


def _worth(said: list[str]) -> Worth:
    """What ngrams.in_window finds, added up word by word, with each word's own part looked up and not made anew."""
    own: list[int] = []
    meant: list[str] = []
    backs: list[list[int] | None] = []
    crcs: list[int] = []
    behinds: list[bytes] = []
    starts, left = [0], 0
    for token in said:
        if token in BREAKS:
            left = 0
            if token != COMMA and starts[-1] != len(own):
                starts.append(len(own))
            continue
        worth, denied, means, crc, behind, denies = _known(token)
        back = None
        if left > 0:
            worth, means = denied, ""
        elif means:
            back = list(map(_near(means).__getitem__, meant[-NEAR:]))
            worth += sum(back)
        left = REACH if denies else left - 1
        own.append(worth)
        meant.append(means)
        backs.append(back)
        crcs.append(crc)
        behinds.append(behind)
    if starts[-1] != len(own):
        starts.append(len(own))
    weights, last = learned().weights, SIZE - 1
    # A crc32 can be continued: that of "a b" from that of "a", and that of "a b c" from there.
    two = list(map(crc32, behinds[1:], crcs))
    three = map(crc32, behinds[2:], two)
    pairs, threes = [0, *[weights[crc & last] for crc in two]], [0, 0, *[weights[crc & last] for crc in three]]
    upto = list(accumulate(map(add, map(add, own, pairs), threes), initial=0))
    return Worth(upto, pairs, threes, backs, starts)


def _reaching_over(worth: Worth, first: int, after: int) -> int:
    """What the words from the first on add with words before it."""
    near = [sum(back[: len(back) - at]) for at, back in enumerate(worth.backs[first:after]) if back]
    return worth.pairs[first] + sum(worth.threes[first : min(first + 2, after)]) + sum(near)


def scores(said: list[str]) -> list[float]:
    """How much each window of a text speaks for an emergency: above nothing it is likelier than not."""
    known, worth = learned(), _worth(said)
    bias, step, upto = known.bias, known.step, worth.upto
    over: dict[tuple[int, int], int] = {}
    found = []
    for first, after in windows(worth.starts):
        # What reaches back over the beginning of a window does not belong to it.
        reach = (first, min(after, first + NEAR))
        if reach not in over:
            over[reach] = _reaching_over(worth, *reach) if first else 0
        found.append(bias + step * (upto[after] - upto[first] - over[reach]) * shrunk(after - first))
    return found


def shrunk(length: int) -> float:
    """What a sum is multiplied by: long windows say more words, not more."""
    return 1 / math.sqrt(length + 2)


def chance(text: str) -> float:
    """How likely the likeliest window of a text is an emergency, from 0 to 1."""
    return chance_in(tokens(text))


def chance_in(said: list[str]) -> float:
    """The same of words that are already told apart."""
    most = max(scores(said), default=-30.0)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, most))))
