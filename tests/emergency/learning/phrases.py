"""What the second opinion learns from: the phrases here, and the labelled sets that are for tuning."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path

from shared.emergency import ngrams

HERE = Path(__file__).parent
FOR_TUNING = ("tuned", "once-unseen", "held-out")


def inputs() -> list[Path]:
    """Every file that the weights come from."""
    lists = sorted([*HERE.glob("emergencies/*.txt"), *HERE.glob("ordinary/*.txt")])
    return [
        *lists,
        *(HERE.parent / f"{name}.toml" for name in FOR_TUNING),
        HERE / "fit.py",
        Path(ngrams.__file__),
        ngrams.MEANINGS,
    ]


def digest() -> str:
    """What tells whether the weights were made from these files."""
    found = sha256()
    for path in inputs():
        found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def phrases() -> list[tuple[str, bool]]:
    """All phrases, each with whether it is an emergency."""
    found: list[tuple[str, bool]] = []
    for folder, emergency in (("emergencies", True), ("ordinary", False)):
        for path in sorted((HERE / folder).glob("*.txt")):
            found += [(line, emergency) for line in path.read_text(encoding="utf-8").splitlines() if line]
    for name in FOR_TUNING:
        labelled = tomllib.loads((HERE.parent / f"{name}.toml").read_text(encoding="utf-8"))
        for label in ("emergency", "ordinary"):
            found += [(phrase, label == "emergency") for said in labelled[label].values() for phrase in said]
    return list(dict.fromkeys(found))
