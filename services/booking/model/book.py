"""What is taken, and at which starts a visit would therefore be in its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from services.booking.model.hours import Stretch, common

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.search import Source


class Taken(NamedTuple):
    """An appointment: its time, the clinician's time it blocks, and the office, none by video."""

    start: datetime
    end: datetime
    blocked_from: datetime
    blocked_until: datetime
    office: UUID | None


@dataclass(frozen=True, kw_only=True)
class Book:
    """What is taken in a window."""

    clinicians: Mapping[UUID, Sequence[Taken]] = field(default_factory=dict)
    patient: Sequence[Stretch] = ()
    rooms: Mapping[tuple[UUID, str], Sequence[Stretch]] = field(default_factory=dict)


def forbidden_by_clinician(book: Book, source: Source, length: timedelta) -> Iterable[Stretch]:
    """Between whose ends, these not included, no visit of the source may start."""
    before, after = timedelta(minutes=source.takes.before), timedelta(minutes=source.takes.after)
    travel = timedelta(minutes=source.takes.travel)
    for taken in book.clinicians.get(source.card.clinician, ()):
        yield Stretch(taken.blocked_from - length - after, taken.blocked_until + before)
        if travel and taken.office is not None and taken.office != source.office.id:
            yield Stretch(taken.start - travel - length, taken.end + travel)


def forbidden_by_patient(book: Book, length: timedelta) -> Iterable[Stretch]:
    """Likewise for what the patient has taken."""
    return (Stretch(taken.start - length, taken.end) for taken in book.patient)


def forbidden_by_rooms(book: Book, office: UUID, rooms: Sequence[str], length: timedelta) -> list[Stretch]:
    """Likewise for the time in which each of the rooms is in the way; there must be at least one."""
    found: list[Stretch] | None = None
    for room in rooms:
        taken = sorted(book.rooms.get((office, room), ()))
        if not taken:
            return []
        starts = _one_room(taken, length)
        found = starts if found is None else [one for one in common(found, starts) if one.start < one.end]
    return found or []


def _one_room(taken: Sequence[Stretch], length: timedelta) -> list[Stretch]:
    """Those that overlap made one; where they only touch, a visit just fits between."""
    whole: list[Stretch] = []
    for one in taken:
        starts = Stretch(one.start - length, one.end)
        if whole and starts.start < whole[-1].end:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, starts.end))
        else:
            whole.append(starts)
    return whole
