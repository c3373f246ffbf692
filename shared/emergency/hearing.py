"""Both ears together: the practice's signs, and the second opinion where no sign stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.emergency import rule, second_opinion
from shared.emergency.text import tokens

if TYPE_CHECKING:
    from shared.practice.model import Emergency

UNNAMED = "unnamed"
"""The kind where the second opinion alone heard it: it tells that, not what."""


def heard(words: str, emergency: Emergency) -> str | None:
    """The kind of emergency that the words sound like, or nothing."""
    said = tokens(words)
    kind = rule.heard_in(said, emergency)
    if kind is None and emergency.second_opinion < 1 and second_opinion.chance_in(said) > emergency.second_opinion:
        return UNNAMED
    return kind


def sounds_like_an_emergency(words: str, emergency: Emergency) -> bool:
    """Whether the words sound like an emergency to either."""
    return heard(words, emergency) is not None
