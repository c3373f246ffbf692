from __future__ import annotations

import msgspec
import pytest

from shared.emergency import heard
from shared.emergency.second_opinion import chance, learned
from tests.emergency.labelled import EMERGENCY, PARTS, phrases
from tests.emergency.learning import fit
from tests.emergency.learning.phrases import FOR_TUNING, digest
from tests.emergency.learning.phrases import phrases as lessons

UNFORESEEN = "her lips look a funny colour and she is hard to rouse"


def test_the_weights_were_made_from_the_phrases_that_stand_here() -> None:
    assert learned().digest == digest()


def test_nothing_was_learned_from_the_sets_that_are_to_judge_it() -> None:
    judging = {
        phrase
        for part in PARTS
        if part not in FOR_TUNING
        for phrase in (*phrases(part, "emergency"), *phrases(part, "ordinary"))
    }
    assert judging.isdisjoint(phrase for phrase, _ in lessons())


def test_what_is_used_adds_up_to_what_was_trained() -> None:
    known = learned()
    weights = [known.step * weight for weight in known.weights]
    said = [phrase for part in PARTS for label in ("emergency", "ordinary") for phrase in phrases(part, label)]
    long = [end.join(said[at : at + 9]) for at in range(0, len(said), 9) for end in (". ", " ", ", no ")]
    heard_so = [chance(text) for text in said + long]
    assert heard_so == pytest.approx([fit.chance(text, weights, known.bias) for text in said + long], abs=1e-9)


def test_a_practice_can_switch_it_off() -> None:
    assert heard(UNFORESEEN, EMERGENCY) is not None
    assert heard(UNFORESEEN, msgspec.structs.replace(EMERGENCY, second_opinion=1.0)) is None


def test_nothing_is_found_in_nothing() -> None:
    assert max(map(chance, ("", " ", "...", "\u0301"))) < 0.01


def test_an_emergency_is_heard_in_the_middle_of_a_long_story() -> None:
    story = "Thank you for the last visit. We were at the lake with the children. "
    assert chance(story * 5) < EMERGENCY.second_opinion < chance(f"{story * 5}{UNFORESEEN}. {story * 5}")
