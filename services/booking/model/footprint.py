"""What a visit takes beside its time: the clinician's minutes around it, their way to it, and a room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import VisitKind

if TYPE_CHECKING:
    from uuid import UUID

    from shared.practice import Practice
    from shared.practice.model import Office, VisitType


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Minutes kept free `before` and `after`, minutes of `travel` from another office, one of the `rooms` if there are.

    Rooms stand in the order in which they are tried.
    """

    before: int = 0
    after: int = 0
    travel: int = 0
    rooms: tuple[str, ...] | None = None


NOTHING_BESIDE = Footprint()


def footprint(practice: Practice, visit: VisitType, office: Office, kind: VisitKind, clinician: UUID) -> Footprint:
    """What this visit takes, with any of the rooms, the clinician's own first; by video there is no way and no room."""
    in_person = kind is VisitKind.OFFICE
    return Footprint(
        before=visit.before_minutes,
        after=visit.after_minutes,
        travel=practice.travel_minutes if in_person else 0,
        rooms=rooms_for(visit, office, clinician) if in_person else None,
    )


def rooms_for(visit: VisitType, office: Office, clinician: UUID) -> tuple[str, ...]:
    """The office's rooms that fit, beginning where this clinician always begins: two seldom want the same one."""
    fitting = [room.code for room in office.rooms if visit.room in {None, room.kind}]
    if not fitting:
        return ()
    begin = clinician.int % len(fitting)
    return (*fitting[begin:], *fitting[:begin])
