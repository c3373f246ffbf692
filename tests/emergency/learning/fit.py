"""Logistic regression by stochastic gradients over n-grams, in plain Python: the same phrases give the same weights."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from shared.emergency.ngrams import SIZE, in_window, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 10
RATE = 0.15
DECAY = 1e-4
LEFT_OUT = 0.2
COPIES = 2
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Phrase = tuple[str, bool]
Example = tuple[list[int], float, bool]


def slipped(phrase: str, dice: random.Random) -> str:
    """The phrase as hasty fingers type it."""
    return " ".join(_slip(word, dice) if len(word) > 3 and dice.random() < 0.15 else word for word in phrase.split())


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return dice.choice((swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]))


def example(phrase: str, emergency: bool) -> Example:
    words = words_of(phrase)
    whole = (0, min(len(words.said), 48))
    return in_window(words, whole), scale(whole), emergency


def scale(window: tuple[int, int]) -> float:
    """Long windows say more words, not more."""
    return 1 / math.sqrt(window[1] - window[0] + 2)


def examples(phrases: Sequence[Phrase], dice: random.Random) -> list[Example]:
    """The phrases, and copies with slips or beside something ordinary, as they stand in a message."""
    ordinary = [phrase for phrase, emergency in phrases if not emergency]
    found = []
    for phrase, emergency in phrases:
        found.append(example(phrase, emergency))
        for _ in range(COPIES):
            said, beside = slipped(phrase, dice), dice.choice(ordinary)
            pair = (f"{said}. {beside}", f"{beside}. {said}", said)
            found.append(example(dice.choice(pair), emergency))
        if not emergency:
            words = words_of(phrase)
            found += [(in_window(words, w), scale(w), False) for w in words.windows if len(words.windows) > 1]
    return found


def fit(phrases: Sequence[Phrase], seed: int = 1) -> tuple[list[float], float]:
    """The weights and the bias."""
    dice = random.Random(seed)  # noqa: S311 - the same dice every time is what is wanted
    lessons = examples(phrases, dice)
    emergencies = sum(emergency for _, _, emergency in lessons)
    worth = (len(lessons) - emergencies) / emergencies
    weights, steepness, bias = [0.0] * SIZE, [1e-2] * SIZE, 0.0
    for _ in range(ROUNDS):
        dice.shuffle(lessons)
        for grams, shrunk, emergency in lessons:
            kept = [n for n in grams if dice.random() > LEFT_OUT]
            score = bias
            for n in kept:
                score += weights[n] * shrunk
            wrong = 1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - emergency
            wrong *= worth if emergency else 1.0
            bias -= 0.01 * wrong
            step = wrong * shrunk
            for n in kept:
                slope = step + DECAY * weights[n]
                steepness[n] += slope * slope
                weights[n] -= RATE * slope / math.sqrt(steepness[n])
    return weights, bias


def chance(phrase: str, weights: Sequence[float], bias: float) -> float:
    """How likely the model finds an emergency in the likeliest window."""
    words = words_of(phrase)
    most = -30.0
    for window in words.windows:
        score = 0.0
        for n in in_window(words, window):
            score += weights[n]
        most = max(most, bias + score * scale(window))
    return 1 / (1 + math.exp(-min(most, 30.0)))
