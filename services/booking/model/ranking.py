"""Which free times are offered, in which order, and what is said about each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from baton_events.codes import VisitKind
from services.booking.model.slots import MOST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.slots import Slot

ALIKE = 3


def rank(slot: Slot) -> tuple[bool, bool, int, int, datetime, UUID]:
    """Today first, then their own clinician, then the practice's preferred kind, then the nearest, then the soonest."""
    return (
        not slot.same_day,
        not slot.own,
        slot.preference,
        round(slot.kilometres),
        slot.start,
        slot.clinician,
    )


def best(slots: Iterable[Slot]) -> list[Slot]:
    """At most a dozen in order; no clinician, office and kind takes more than three places while others wait."""
    ranked = sorted(slots, key=rank)
    places: Counter[tuple[UUID, UUID, VisitKind]] = Counter()
    chosen: list[Slot] = []
    waiting: list[Slot] = []
    for slot in ranked:
        alike = (slot.clinician, slot.office, slot.kind)
        places[alike] += 1
        (chosen if places[alike] <= ALIKE else waiting).append(slot)
    return sorted((chosen + waiting)[:MOST], key=rank)


def why(slot: Slot) -> str:
    """Why this time is offered, in a sentence."""
    when = "Today" if slot.same_day else "Another day"
    who = " with your own clinician" if slot.own else ""
    where = " by video" if slot.kind is VisitKind.VIDEO else f", {_distance(slot.kilometres)} from your home"
    return f"{when}{who}{where}."


def _distance(kilometres: float) -> str:
    return "less than 1 km" if kilometres < 1 else f"{kilometres:.0f} km"
