"""The labelled phrases, and how the practice's signs do on them."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from shared.emergency import heard
from shared.practice import load

HERE = Path(__file__).parent
EMERGENCY = load(HERE.parents[1] / "deploy" / "practice").emergency
PARTS = ("tuned", "once-unseen", "held-out", "unseen", "voices")


@dataclass(frozen=True)
class Figures:
    """How many emergencies there are and which were missed, how many ordinary phrases and which gave a false alarm."""

    emergencies: int
    missed: tuple[str, ...]
    ordinary: int
    false_alarms: tuple[str, ...]

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.emergencies

    @property
    def false_alarm_rate(self) -> float:
        return len(self.false_alarms) / self.ordinary

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.emergencies + other.emergencies,
            self.missed + other.missed,
            self.ordinary + other.ordinary,
            self.false_alarms + other.false_alarms,
        )

    def __str__(self) -> str:
        return (
            f"recall {self.recall:.3f} of {self.emergencies} emergencies, "
            f"false alarms {self.false_alarm_rate:.3f} of {self.ordinary} ordinary phrases"
        )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def phrases(part: str, label: str) -> list[str]:
    kinds = tomllib.loads((HERE / f"{part}.toml").read_text(encoding="utf-8"))[label]
    return [phrase for said in kinds.values() for phrase in said]


def figures(part: str) -> Figures:
    emergencies, ordinary = phrases(part, "emergency"), phrases(part, "ordinary")
    return Figures(
        len(emergencies),
        tuple(phrase for phrase in emergencies if not heard(phrase, EMERGENCY)),
        len(ordinary),
        tuple(phrase for phrase in ordinary if heard(phrase, EMERGENCY)),
    )
