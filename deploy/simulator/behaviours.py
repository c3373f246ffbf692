"""What each pharmacy does after an order, from data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid4

import msgspec

if TYPE_CHECKING:
    from pathlib import Path


class Stage(StrEnum):
    """What a pharmacy can tell the practice about an order."""

    ACKNOWLEDGE = "acknowledge"
    OUT_OF_STOCK = "out-of-stock"
    CLOSED = "closed"
    REFUSE = "refuse"
    CLARIFY = "clarify"
    PREPARE = "prepare"
    READY = "ready"
    PICKED_UP = "picked-up"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message to the practice, `after` seconds behind the one before."""

    stage: Stage
    after: float
    promise_minutes: float | None = None


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a pharmacy acts, and whether it signs with its own secret."""

    steps: list[Step]
    signs: Literal["right", "wrong"] = "right"


class Cast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pharmacy plays what."""

    pharmacies: dict[UUID, str]
    behaviours: dict[str, Behaviour]

    def of(self, pharmacy: UUID) -> Behaviour | None:
        """The behaviour of the pharmacy, if it is played here."""
        name = self.pharmacies.get(pharmacy)
        return self.behaviours[name] if name is not None else None


@dataclass(frozen=True)
class Answer:
    """A message that a pharmacy owes the practice from `due` on; times are seconds since 1970."""

    id: str
    pharmacy: UUID
    routing: UUID
    stage: Stage
    due: float
    promise: float | None
    attempts: int = 0


def read(file: Path) -> Cast:
    """Read who plays what; raises msgspec.ValidationError when the file is not of its form."""
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Cast)


def planned(behaviour: Behaviour, pharmacy: UUID, routing: UUID, now: float, pace: float) -> list[Answer]:
    """Everything the pharmacy will say about an order that came `now`, in order, under ids that stay."""
    times = accumulate((step.after * pace for step in behaviour.steps), initial=now)
    next(times)
    return [
        Answer(
            id=f"msg_{uuid4().hex}",
            pharmacy=pharmacy,
            routing=routing,
            stage=step.stage,
            due=due,
            promise=due + step.promise_minutes * 60 if step.promise_minutes is not None else None,
        )
        for step, due in zip(behaviour.steps, times, strict=True)
    ]
