"""Words as people type them, in one plain form: small letters, no accents, no apostrophes, no invisible characters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

DROPPED = frozenset({"Mn", "Me", "Cf", "Cc"})
APOSTROPHES = dict.fromkeys(map(ord, "'`\u00b4\u2018\u2019\u02bc\uff07"))
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
DRAWN_OUT = re.compile(r"([a-z])\1\1+")
TOKEN = re.compile(r"[^\W\d_]+|[.!?;,]|\d+(?:\.\d+)?")
ASCII_TOKEN = re.compile(r"[A-Za-z]+|[.!?;,]|[0-9]+(?:\.[0-9]+)?")
"""The same for words without other letters, where it is quicker."""
STOPS = frozenset(".!?;")
COMMA = ","
BREAKS = STOPS | {COMMA}


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(" " if c.isspace() else c for c in folded if c.isspace() or unicodedata.category(c) not in DROPPED)


def plain(words: str) -> str:
    """The words in their plain form, in time that grows with their length only."""
    said = words.translate(APOSTROPHES).lower()
    if not said.isascii():
        # Letter by letter: normalising a whole text sorts its accents, which a long run of them makes slow.
        said = BEYOND_ASCII.sub(lambda found: _fold(found[0]), said).translate(APOSTROPHES)
    return DRAWN_OUT.sub(r"\1", said)


def tokens(words: str) -> list[str]:
    """Words, numbers, commas and stops, in order."""
    said = plain(words)
    return (ASCII_TOKEN if said.isascii() else TOKEN).findall(said)
