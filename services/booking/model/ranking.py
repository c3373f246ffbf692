"""Which free times are offered, in which order, and what is said about each."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from baton_events.codes import VisitKind
from services.booking.model.horizon import FORTNIGHT
from services.booking.model.slots import ALIKE, MOST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.search import Source
    from services.booking.model.slots import Slot

    Alike = tuple[UUID, UUID, VisitKind]


class Ranked(NamedTuple):
    """A slot and whether it is by video, sooner than anybody like them can be seen in an office."""

    slot: Slot
    sooner: bool


def best(slots: Collection[Slot]) -> list[Ranked]:
    """At most a dozen in order; no clinician, office and kind takes more than three places while others wait."""
    ranked = sorted(_lifted(slots), key=_rank)
    places: Counter[Alike] = Counter()
    chosen: list[Ranked] = []
    waiting: list[Ranked] = []
    for one in ranked:
        alike = _alike(one.slot)
        places[alike] += 1
        (chosen if places[alike] <= ALIKE else waiting).append(one)
    return sorted((chosen + waiting)[:MOST], key=_rank)


def enough(slots: Collection[Slot], sources: Sequence[Source]) -> bool:
    """Whether later windows could add nothing to the best: every source has its places, or others have them all."""
    places = Counter(_alike(slot) for slot in slots)
    chosen = sum(min(ALIKE, count) for count in places.values())
    return chosen >= MOST or (len(slots) >= MOST and chosen >= ALIKE * len(sources))


def _group(slot: Slot) -> tuple[bool, bool, int]:
    """Today first, then their own clinician within two weeks, then by how soon."""
    return not slot.same_day, not (slot.own and slot.soon <= FORTNIGHT), slot.soon


def _rank(one: Ranked) -> tuple[tuple[bool, bool, int], int, int, datetime, UUID]:
    """In a group what is sooner by video, then the practice's preferred kind, then the nearest, then the soonest."""
    slot = one.slot
    preference = -1 if one.sooner else slot.preference
    return _group(slot), preference, round(slot.kilometres), slot.start, slot.clinician


def _lifted(slots: Collection[Slot]) -> Iterable[Ranked]:
    """By video goes first where it is sooner than in any office, in at most three places."""
    soonest: dict[tuple[bool, bool, int], datetime] = {}
    by_video: dict[tuple[bool, bool, int], list[Slot]] = defaultdict(list)
    for slot in slots:
        group = _group(slot)
        if slot.kind is VisitKind.OFFICE:
            soonest[group] = min(slot.start, soonest.get(group, slot.start))
        else:
            by_video[group].append(slot)
    lifted: set[tuple[Alike, datetime]] = set()
    for group, start in soonest.items():
        sooner = sorted((slot for slot in by_video[group] if slot.start < start), key=lambda slot: slot.start)
        lifted.update((_alike(slot), slot.start) for slot in sooner[:ALIKE])
    return [Ranked(slot, (_alike(slot), slot.start) in lifted) for slot in slots]


def _alike(slot: Slot) -> Alike:
    return slot.clinician, slot.office, slot.kind


def why(one: Ranked) -> str:
    """Why this time is offered, in a sentence."""
    slot = one.slot
    when = "Today" if slot.same_day else "Another day"
    who = " with your own clinician" if slot.own else ""
    video = " by video, sooner than in an office" if one.sooner else " by video"
    where = video if slot.kind is VisitKind.VIDEO else f", {_distance(slot.kilometres)} from your home"
    return f"{when}{who}{where}."


def _distance(kilometres: float) -> str:
    return "less than 1 km" if kilometres < 1 else f"{kilometres:.0f} km"
