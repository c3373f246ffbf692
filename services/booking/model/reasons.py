"""What a person's words about why they come lead to: a kind of visit."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from services.booking.model.refusals import UnknownChoice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.practice.model import VisitType

APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})


def plain(words: str) -> str:
    """The words in small letters, single spaces and straight apostrophes, without invisible characters."""
    folded = unicodedata.normalize("NFKC", words).casefold().translate(APOSTROPHES)
    visible = "".join(" " if c.isspace() else c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(plain(phrase))}(?!\w)")


def found(words: str, phrases: Iterable[str]) -> list[str]:
    """The phrases that stand in the words as whole words."""
    said = plain(words)
    return [phrase for phrase in phrases if _pattern(phrase).search(said)]


def visit_type(reason: str, given: str | None, types: Mapping[str, VisitType]) -> VisitType:
    """The kind of visit given, or the one whose longest phrase stands in the reason, or the one for all the rest.

    Raises UnknownChoice for a kind the practice does not have.
    """
    if given is not None:
        if given not in types:
            raise UnknownChoice(field="visit_type")
        return types[given]
    longest = {kind.code: max(map(len, found(reason, kind.phrases)), default=0) for kind in types.values()}
    best = max(types.values(), key=lambda kind: longest[kind.code])
    if longest[best.code]:
        return best
    return next((kind for kind in types.values() if not kind.phrases), best)
