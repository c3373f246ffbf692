"""Which known words a typed word may be: itself, one it begins with or bends, a number, or one it misspells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST_SWAPPED = 4
SHORTEST_DOUBLED = 5
SHORTEST_DROPPED = 5
SHORTEST_BENT = 4


class Vocabulary:
    """The words of all patterns."""

    def __init__(self, words: Iterable[str]) -> None:
        known = set(words)
        self._ranges = [(word, *_range(word)) for word in sorted(known) if word.startswith("#")]
        self._stems = {word[:-1]: word for word in known if word.endswith("*")}
        self._lengths = sorted({len(stem) for stem in self._stems})
        literals = {word for word in known if not word.startswith("#") and not word.endswith("*")}
        self._literals = {word: word for word in literals}
        for derived in (inflections, misspellings):
            for word in sorted(literals):
                for form in sorted(derived(word)):
                    self._literals.setdefault(form, word)

    def of(self, token: str) -> tuple[str, ...]:
        """The pattern words that this token may be."""
        found = [self._literals[token]] if token in self._literals else []
        if token[0].isdigit():
            # Longer numbers mean nothing here, and are not worth reading.
            number = float(token) if token.isascii() and len(token) <= 8 else -1.0
            return *found, *(word for word, low, high in self._ranges if low <= number <= high)
        stems = (self._stems.get(token[:length]) for length in self._lengths if length <= len(token))
        return *found, *(stem for stem in stems if stem)


def inflections(word: str) -> set[str]:
    """The word as grammar bends it, where it follows the rule."""
    if not word.isalpha() or len(word) < SHORTEST_BENT:
        return set()
    stem = word.removesuffix("e")
    return {f"{word}s", f"{stem}ed", f"{stem}ing"}


def misspellings(word: str) -> set[str]:
    """What fingers make of a word: neighbours swapped, a letter doubled, a letter left out after the first."""
    if not word.isalpha():
        return set()
    found: set[str] = set()
    if len(word) >= SHORTEST_SWAPPED:
        found |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    if len(word) >= SHORTEST_DOUBLED:
        found |= {word[:i] + word[i] + word[i:] for i in range(len(word))}
    if len(word) >= SHORTEST_DROPPED:
        found |= {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    return found - {word}


def _range(word: str) -> tuple[float, float]:
    low, high = word[1:].split("-")
    return float(low), float(high)
