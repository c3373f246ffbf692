from __future__ import annotations

from collections import Counter

import pytest

from tests.emergency.labelled import PARTS, Figures, figures, phrases, say

LEAST = {
    "tuned": 0.99,
    "once-unseen": 0.99,
    "held-out": 0.99,
    "unseen": 0.97,
    "voices": 0.96,
    "whole": 0.95,
}
"""Nothing was tuned or trained on `unseen` and `voices`: the signs alone gave 0.736 with 0.047 false alarms and 0.540
with 0.060. With the second opinion the first look, at a threshold of 0.87, gave 0.989 with 0.105 and 0.970 with 0.140;
the second and last, at the 0.92 where cross-validation on the phrases it learned from promises 0.10 false alarms,
0.977 with 0.093 and 0.970 with 0.130. Most of what `tuned`, `once-unseen` and `held-out` show was learned from them.
"""
MOST_FALSE_ALARMS = {"unseen": 0.10, "voices": 0.14, "whole": 0.05}


@pytest.fixture(scope="module")
def measured() -> dict[str, Figures]:
    found = {part: figures(part) for part in PARTS}
    return {**found, "whole": sum((found[part] for part in PARTS[1:]), found[PARTS[0]])}


def test_recall_and_false_alarms_are_as_good_as_promised(
    measured: dict[str, Figures], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        say("")
        for part, found in measured.items():
            say(f"emergency, {part}: {found}")
        for phrase in measured["whole"].missed:
            say(f"  missed: {phrase}")
        for phrase in measured["whole"].false_alarms:
            say(f"  false alarm: {phrase}")
    assert {part: found.recall for part, found in measured.items() if found.recall < LEAST[part]} == {}
    assert {part for part, most in MOST_FALSE_ALARMS.items() if measured[part].false_alarm_rate > most} == set()


def test_no_phrase_is_labelled_twice() -> None:
    said = Counter(phrase for part in PARTS for label in ("emergency", "ordinary") for phrase in phrases(part, label))
    assert [phrase for phrase, times in said.items() if times > 1] == []


def test_the_set_is_large_enough_to_mean_something(measured: dict[str, Figures]) -> None:
    assert measured["whole"].emergencies >= 240
    assert measured["whole"].ordinary >= 100
    assert measured["held-out"].emergencies >= 100
