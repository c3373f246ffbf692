from __future__ import annotations

import pytest

from services.booking.model.reasons import visit_type
from services.booking.model.refusals import UnknownChoice
from shared.emergency import rule, sounds_like_an_emergency
from tests.booking.people import PRACTICE

TYPES = PRACTICE.visit_types


@pytest.mark.parametrize(
    "reason",
    [
        "chest pain since this morning",
        "CHEST   PAIN",
        "I have had chest\n\tpain, on and off",
        "(chest pain)",
        "I can\u2019t breathe well",
        "chest\u00a0pain",
        "ch\u200best pa\u200din",
        "\uff43hest pain",
    ],
)
def test_a_red_flag_is_seen_however_it_is_typed(reason: str) -> None:
    assert sounds_like_an_emergency(reason, PRACTICE.emergency)


@pytest.mark.parametrize("reason", ["a rash", "I write about keystrokes", "the chest of drawers hurt me", "painchest"])
def test_other_words_are_no_sign(reason: str) -> None:
    assert rule.heard(reason, PRACTICE.emergency) is None


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("my Rash is back", "skin"),
        ("chest pain since this morning", "same-day"),
        ("yearly physical please", "check-up"),
        ("itchy", "general"),
        ("I just want to talk", "general"),
    ],
)
def test_the_words_choose_the_kind_of_visit(reason: str, code: str) -> None:
    assert visit_type(reason, None, TYPES).code == code


def test_the_longest_phrase_wins() -> None:
    assert visit_type("a cough, and my blood pressure is up", None, TYPES).code == "blood-pressure"


def test_what_the_patient_chose_goes_before_their_words() -> None:
    assert visit_type("a rash", "check-up", TYPES).code == "check-up"


def test_a_kind_the_practice_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownChoice) as refused:
        visit_type("a rash", "surgery", TYPES)
    assert refused.value.members == {"field": "visit_type"}
