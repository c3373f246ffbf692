from __future__ import annotations

import pytest

from shared.emergency.patterns import PatternWrong, spelled_out
from shared.emergency.rule import heard
from shared.emergency.text import plain, tokens
from shared.emergency.vocabulary import misspellings
from tests.emergency.labelled import EMERGENCY


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("chest pain since this morning", "heart"),
        ("I ca\u0301n\u2019t breathe", "breathing"),
        ("NO PUEDO RESPIRAR", "breathing"),
        ("Me desmay\u00e9", "unconscious"),
        ("heeeelp, I want to dieee", "self-harm"),
        ("chets pian", "heart"),
        ("my fever is 104.2", "fever"),
        ("No fever. Chest pain!", "heart"),
        ("no fever, chest pain since noon", "heart"),
        ("not sure if it is chest pain", "heart"),
        ("I never had chest pain like this", "heart"),
        ("a stroke in 2015, and now my speech is slurred", "stroke"),
        ("no cough but chest pain", "heart"),
    ],
)
def test_a_sign_is_heard(words: str, kind: str) -> None:
    assert heard(words, EMERGENCY) == kind


@pytest.mark.parametrize(
    "words",
    [
        "",
        " \n\t ",
        "\u0301\u200b\u2028",
        "no chest pain",
        "no fever, cough, or chest pain",
        "denies chest pain, dizziness or shortness of breath",
        "chest pain last year",
        "when I was twelve I passed out",
        "a stroke in 2015",
        "signs of a stroke",
        "my chest is fine. The pain is in my knee",
        "fever of 99.5",
        "sin dolor de pecho",
        "chest congestion, and knee surgery went well",
    ],
)
def test_what_is_denied_past_asked_or_something_else_is_passed_over(words: str) -> None:
    assert heard(words, EMERGENCY) is None


def test_the_same_words_are_heard_at_the_end_of_a_long_message() -> None:
    assert heard("I wanted to thank you for the visit. " * 100 + "My face is drooping", EMERGENCY) == "stroke"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("CAN\u2019T", "cant"),
        ("se desmay\u00f3", "se desmayo"),
        ("\uff43hest", "chest"),
        ("ch\u200best", "chest"),
        ("sooooo", "so"),
    ],
)
def test_words_have_one_plain_form(typed: str, read: str) -> None:
    assert plain(typed) == read


def test_numbers_words_and_stops_are_told_apart() -> None:
    assert tokens("BP 220/130, fever 104.5F!") == ["bp", "220", "130", ",", "fever", "104.5", "f", "!"]


def test_fingers_slip_in_three_ways() -> None:
    assert {"chets", "cheest", "chst"} <= misspellings("chest")
    assert misspellings("arm") == set()


def test_a_name_stands_for_all_of_its_list() -> None:
    lists = {"PAIN": ["pain", "ACHE"], "ACHE": ["ache", "dull ache"]}
    assert spelled_out("bad PAIN", lists) == {("bad", "pain"), ("bad", "ache"), ("bad", "dull", "ache")}


@pytest.mark.parametrize("part", ["", "PANE", "LOOP", "chest-pain", "#5", "a" * 3 + "*b", "MANY MANY MANY"])
def test_a_pattern_that_cannot_be_read_is_refused(part: str) -> None:
    letters = [chr(a) + chr(b) for a in range(97, 123) for b in range(97, 123)]
    with pytest.raises(PatternWrong):
        spelled_out(part, {"LOOP": ["a LOOP"], "MANY": letters})
