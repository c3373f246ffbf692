"""Writes shared/emergency/learned.txt: `python -m tests.emergency.learning.train`, about ten seconds."""

from __future__ import annotations

from base64 import b85encode

from shared.emergency.ngrams import SIZE
from tests.emergency.learning.fit import fit
from tests.emergency.learning.phrases import digest, phrases

HEAD = """\
# The weights of the second opinion, one signed byte for each of {size} n-gram numbers (ngrams.py), in base 85.
# Logistic regression on {emergencies} emergencies and {ordinary} ordinary phrases, all written by hand:
# `python -m tests.emergency.learning.train` writes this file, the same from the same phrases.
"""


def written() -> str:
    said = phrases()
    weights, bias = fit(said)
    step = max(map(abs, weights)) / 127
    emergencies = sum(emergency for _, emergency in said)
    head = HEAD.format(size=SIZE, emergencies=emergencies, ordinary=len(said) - emergencies)
    body = b85encode(bytes(round(weight / step) & 0xFF for weight in weights)).decode()
    return "\n".join(
        [
            head,
            f"step = {step!r}",
            f"bias = {bias!r}",
            f"digest = {digest()}",
            "",
            *(f":{body[at : at + 118]}" for at in range(0, len(body), 118)),
            "",
        ]
    )


if __name__ == "__main__":
    from pathlib import Path

    from shared.emergency import ngrams

    Path(ngrams.__file__).with_name("learned.txt").write_text(written(), encoding="ascii")
