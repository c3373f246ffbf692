"""The language of signs: what a practice writes down, spelled out into sequences of words.

A sign says `"CHEST + PAIN"`: parts that stand near one another in any order. A part is words in a row: plain words,
the beginning of one (`swell*`), a number in a range (`#103-110`), or a NAME for any of the practice's list so named.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from shared.emergency.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = re.compile(r"[A-Z][A-Z_]*")
WORD = re.compile(r"[a-z]+\*?|[0-9]+(\.[0-9]+)?|#[0-9]+(\.[0-9]+)?-[0-9]+(\.[0-9]+)?")
MOST = 2_000

Sequences = frozenset[tuple[str, ...]]


class PatternWrong(ValueError):
    """A pattern cannot be read; the text says why."""


def parts(pattern: str) -> list[str]:
    """The parts of a pattern that must stand near one another."""
    return [part.strip() for part in pattern.split("+")]


def spelled_out(part: str, lists: Mapping[str, Sequence[str]], inside: tuple[str, ...] = ()) -> Sequences:
    """Every sequence of words that a part stands for; raises PatternWrong."""
    slots = [_slot(word, lists, inside) for word in part.split()]
    if not slots:
        wrong = "a part is empty"
        raise PatternWrong(wrong)
    size = 1
    for slot in slots:
        size *= len(slot)
    if size > MOST:
        wrong = f"'{part}' stands for {size} sequences, more than {MOST}"
        raise PatternWrong(wrong)
    return frozenset(tuple(word for piece in pieces for word in piece) for pieces in product(*slots))


def _slot(word: str, lists: Mapping[str, Sequence[str]], inside: tuple[str, ...]) -> Sequences:
    if not NAME.fullmatch(word):
        folded = plain(word)
        if not WORD.fullmatch(folded):
            wrong = f"'{word}' is no word, word*, #from-to or NAME"
            raise PatternWrong(wrong)
        return frozenset({(folded,)})
    if word in inside:
        wrong = f"'{word}' stands for itself"
        raise PatternWrong(wrong)
    if not lists.get(word):
        wrong = f"there is no list '{word}'"
        raise PatternWrong(wrong)
    return frozenset().union(*(spelled_out(entry, lists, (*inside, word)) for entry in lists[word]))
