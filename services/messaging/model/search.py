"""Finding words in what people wrote: whatever their case and accents, all of them in one message."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from shared.errors import Invalid

AROUND = 60
"""Characters shown on each side of the first word found."""

BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
MARKS = frozenset({"Mn", "Me"})


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(one for one in folded if unicodedata.category(one) not in MARKS)


def fold(text: str) -> str:
    """The text in small letters without accents, in time that grows with its length only."""
    small = text.lower()
    # Letter by letter: normalising a whole text sorts its accents, which a long run of them makes slow.
    return small if small.isascii() else BEYOND_ASCII.sub(lambda found: _folded(found[0]), small)


def wanted(words: str) -> list[str]:
    """The words to be found, folded; raises Invalid where there is none."""
    folded = fold(words).split()
    if not folded:
        raise Invalid(field="words", problem="no words")
    return folded


def holds(text: str, words: list[str]) -> bool:
    """Whether the text holds every one of the folded words."""
    folded = fold(text)
    return all(word in folded for word in words)


def snippet(text: str, words: list[str]) -> str:
    """What stands around the first of the words in the text, on one line, with dots where more was written."""
    at, length = _place(text, words)
    begin, end = max(0, at - AROUND), min(len(text), at + length + AROUND)
    shown = " ".join(text[begin:end].split())
    return f"{'…' if begin else ''}{shown}{'…' if end < len(text) else ''}"


def _place(text: str, words: list[str]) -> tuple[int, int]:
    """Where in the text as it was written the first of the folded words stands, and how long it is there."""
    folded = fold(text)
    begin, word = min((folded.find(word), word) for word in words)
    origin = [at for at, character in enumerate(text) for _ in fold(character)]
    first, last = origin[begin], origin[begin + len(word) - 1]
    return first, last - first + 1
