"""What the second opinion looks at: words, their letters, neighbours and meanings, as numbers of weights.

A text is looked at a window at a time, so that one sentence is heard in the middle of a long story.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from shared.emergency.text import COMMA, STOPS, plain, tokens

SIZE = 1 << 15
"""How many weights there are; n-grams share one by chance."""
LONGEST_WORD = 20
NEAR = 8
"""Within how many words two meanings count together."""
MEANINGS = Path(__file__).with_name("meanings.txt")
WINDOW = 24
STEP = 12
DENIALS = frozenset({"no", "not", "never", "without", "denies", "deny", "denied", "isnt", "arent", "wasnt", "sin"})
REACH = 4
"""How many words a denial reaches."""
FAMILY = (
    "mom mum mother dad father grandma grandmother grandpa grandfather grandson granddaughter granny husband wife"
    " hubby spouse partner boyfriend girlfriend son daughter kid child brother sister aunt uncle cousin niece nephew"
    " friend roommate neighbor neighbour teen teenager toddler coworker he she hes shes him her"
    " mama papa madre padre hijo hija esposo esposa marido abuelo abuela hermano hermana"
)
RELATIVES = frozenset(FAMILY.split())


@dataclass(frozen=True)
class Words:
    """The words as they are looked at, which of them are denied, and the windows to look through."""

    said: list[str]
    denied: list[bool]
    meant: list[tuple[str, ...]]
    windows: list[tuple[int, int]]


def words_of(text: str) -> Words:
    """The words of a text, and its sentences: alone, two by two, and long ones piece by piece."""
    said: list[str] = []
    denied: list[bool] = []
    starts, left = [0], 0
    for token in tokens(text):
        if token in STOPS or token == COMMA:
            left = 0
            if token in STOPS and starts[-1] != len(said):
                starts.append(len(said))
            continue
        said.append(known_as(token))
        denied.append(left > 0)
        left = REACH if token in DENIALS else left - 1
    if starts[-1] != len(said):
        starts.append(len(said))
    meant = [() if no else meanings(word) for word, no in zip(said, denied, strict=True)]
    return Words(said, denied, meant, windows(starts))


def windows(starts: list[int]) -> list[tuple[int, int]]:
    """The sentences, which begin at `starts` and end where the next begins, and each together with the next."""
    sentences = [piece for first, after in pairwise(starts) for piece in _pieces(first, after)]
    together = [(a, d) for (a, _), (_, d) in pairwise(sentences) if d - a <= 2 * WINDOW]
    return sentences + together


def _pieces(first: int, after: int) -> list[tuple[int, int]]:
    if after - first <= WINDOW:
        return [(first, after)]
    return [(at, min(at + WINDOW, after)) for at in range(first, after - STEP, STEP)]


def known_as(token: str) -> str:
    """The word, all relatives as one, and numbers by their size."""
    if token in RELATIVES:
        return "<relative>"
    if token[0].isdigit():
        return f"#{int(float(token)) // 10}" if token.isascii() and len(token) <= LONGEST_WORD else "#"
    return token[:LONGEST_WORD]


def _read() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The meanings of whole words, and of words that begin so."""
    whole: dict[str, list[str]] = {}
    begun: dict[str, list[str]] = {}
    for line in MEANINGS.read_text(encoding="utf-8").splitlines():
        name, _, members = line.partition(":")
        for member in members.split() if not line.startswith("#") else ():
            word = plain(member)
            (begun if word.endswith("*") else whole).setdefault(word.rstrip("*"), []).append(name)
    return whole, begun


WHOLE, BEGUN = _read()
BEGINNINGS = sorted({len(word) for word in BEGUN})


@lru_cache(maxsize=16_384)
def meanings(word: str) -> tuple[str, ...]:
    """What a word stands for: none, one or several; relatives and numbers stand for themselves."""
    if word[0] in "#<":
        return (word,)
    stems = (BEGUN.get(word[:length], []) for length in BEGINNINGS if length <= len(word))
    return tuple(dict.fromkeys([*WHOLE.get(word, []), *(name for names in stems for name in names)]))


def number(gram: str) -> int:
    """The number of an n-gram's weight."""
    return crc32(gram.encode()) % SIZE


def of_word(word: str, *, denied: bool) -> list[int]:
    """A word and its letters, three to five together; of one that is denied only the word."""
    if denied:
        return [number(f"~{word}")]
    if word[0] in "#<":
        return [number(word)]
    edged = f"^{word}$"
    meant = [number(f"@{name}") for name in meanings(word)]
    letters = {edged[at : at + n] for n in (3, 4, 5) for at in range(len(edged) - n + 1)}
    return [number(word), *meant, *(number(f"'{gram}") for gram in sorted(letters))]


def of_pair(first: str, second: str) -> int:
    """Two words in a row."""
    return number(f"{first} {second}")


def of_three(first: str, second: str, third: str) -> int:
    """Three words in a row."""
    return number(f"{first} {second} {third}")


@lru_cache(maxsize=16_384)
def of_meanings(one: str, other: str) -> int:
    """Two meanings near one another, in any order."""
    first, second = sorted((one, other))
    return number(f"@{first}@{second}")


def of_near(words: Words, at: int, first: int = 0) -> list[int]:
    """The meanings of a word together with those of the words before it."""
    return [
        of_meanings(one, other)
        for one in words.meant[at]
        for before in range(max(first, at - NEAR), at)
        for other in words.meant[before]
    ]


def in_window(words: Words, window: tuple[int, int]) -> list[int]:
    """Every n-gram of a window."""
    first, after = window
    said = words.said
    found = [n for at in range(first, after) for n in of_word(said[at], denied=words.denied[at])]
    found += [n for at in range(first + 1, after) for n in of_near(words, at, first)]
    found += [of_pair(said[at - 1], said[at]) for at in range(first + 1, after)]
    found += [of_three(said[at - 2], said[at - 1], said[at]) for at in range(first + 2, after)]
    return found
