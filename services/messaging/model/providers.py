"""Who is offered for a consult, in which order, and how soon they answer by their own recent answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from services.messaging.model.consults import ANSWER_WITHIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from shared.requests.directory import ClinicianCard

LOOK_BACK = timedelta(days=90)
MOST_ANSWERS = 20
FEWEST_ANSWERS = 3
STEP = timedelta(minutes=5)
MOST = 12


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A clinician who may treat the patient by message."""

    card: ClinicianCard
    price_cents: int
    own: bool
    waits: Sequence[timedelta]

    @property
    def reply_minutes(self) -> int | None:
        """Within how many minutes they answered four of five times."""
        return reply_minutes(self.waits)


def reply_minutes(waits: Sequence[timedelta]) -> int | None:
    """The wait that four of five did not exceed, rounded up to five minutes; nothing from fewer than three."""
    if len(waits) < FEWEST_ANSWERS:
        return None
    fourth_of_five = sorted(waits)[-(-4 * len(waits) // 5) - 1]
    return max(1, -(-fourth_of_five // STEP)) * (STEP // timedelta(minutes=1))


def best(candidates: Iterable[Candidate]) -> list[Candidate]:
    """At most a dozen: the patient's own clinician first, then the lowest price, then the soonest answer."""
    return sorted(candidates, key=_rank)[:MOST]


def _rank(one: Candidate) -> tuple[bool, int, int, str, UUID]:
    unmeasured = ANSWER_WITHIN // timedelta(minutes=1)
    soon = unmeasured if one.reply_minutes is None else one.reply_minutes
    return (not one.own, one.price_cents, soon, one.card.name, one.card.clinician)


def why(one: Candidate) -> str:
    """Why they are offered, in a sentence."""
    own = "Your own clinician. " if one.own else ""
    if one.reply_minutes is None:
        return f"{own}Answers within {_spoken(ANSWER_WITHIN // timedelta(minutes=1))}; too few answers to measure yet."
    return f"{own}Answers four in five requests within {_spoken(one.reply_minutes)}."


def _spoken(minutes: int) -> str:
    """The two largest units of it."""
    days, rest = divmod(minutes, 24 * 60)
    units = ((days, "day"), (rest // 60, "hour"), (rest % 60, "minute"))
    parts = [f"{count} {unit}{'s' * (count != 1)}" for count, unit in units if count]
    return " and ".join(parts[:2])
