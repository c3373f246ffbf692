"""How long a message keeps the service; the least of several runs, since others use the machine too."""

from __future__ import annotations

from time import perf_counter

import pytest

from shared.emergency import heard, second_opinion
from tests.emergency.labelled import EMERGENCY, phrases, say

LONGEST = 4_000
ORDINARY = " ".join(phrases("held-out", "ordinary")[18:27] + phrases("tuned", "ordinary"))
HOSTILE = {
    "nothing but one part of a sign": "chest ",
    "parts that never come together": "chest. pain. fever. neck. ",
    "denial upon denial": "no or no or chest pain or ",
    "denials with lists": "no pain, chest, or ",
    "accents upon accents": "e\u0301\u0316\u0301\u0316\u0301\u0316",
    "digits": "9",
    "letters": "a",
    "apostrophes": "c'a'n't ",
    "beginnings of signs": "want to dont want to be no longer ",
    "other things": "chest cold chest of drawers ",
    "stops": ".,;!?",
    "invisible characters": "\u200b\u200d",
}


def seconds(text: str) -> float:
    def once() -> float:
        start = perf_counter()
        heard(text, EMERGENCY)
        return perf_counter() - start

    return min(once() for _ in range(5))


def test_a_long_ordinary_message_takes_far_less_than_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    text = "I have a question about my visit and would like to know when to come in for the lab. " * 60
    took, dense = seconds(text[:LONGEST]), seconds(ORDINARY[:LONGEST])
    with capsys.disabled():
        say(f"\nemergency, {LONGEST} characters: {took * 1e6:.0f} us, full of near words: {dense * 1e6:.0f} us")
    assert took < 0.005
    assert dense < 0.02


def test_the_second_opinion_is_quick_too(capsys: pytest.CaptureFixture[str]) -> None:
    text = "I have a question about my visit and would like to know when to come in for the lab. " * 60

    def once(length: int) -> float:
        start = perf_counter()
        second_opinion.chance(text[:length])
        return perf_counter() - start

    short, long = (min(once(length) for _ in range(10)) for length in (300, LONGEST))
    with capsys.disabled():
        say(f"\nsecond opinion, 300 characters: {short * 1e6:.0f} us, {LONGEST}: {long * 1e6:.0f} us")
    assert short < 0.001
    assert long < 0.01


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_with_the_length_only(words: str) -> None:
    short = words * (20_000 // len(words))
    assert seconds(short * 8) < max(0.02, seconds(short)) * 8 * 2.5
    assert seconds(words * (LONGEST // len(words))) < 0.1
