"""Free times: computed from open times less what is taken; there is no table of slots."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from baton_events.codes import VisitKind
from services.booking.model.book import forbidden_by_clinician, forbidden_by_patient, forbidden_by_rooms
from services.booking.model.horizon import GRID, bounds
from services.booking.model.hours import Exceptions, Stretch, common, open_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from services.booking.model.book import Book
    from services.booking.model.horizon import Window
    from services.booking.model.search import Search, Source

MOST = 12
ALIKE = 3
DAY = timedelta(days=1)


class Slot(NamedTuple):
    """A free time.

    `soon` is the place of its window, 0 today by the clock where the patient will be; `preference` is the place of the
    kind of visit in the practice's order, `kilometres` the way from the patient's home, none by video.
    """

    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    minutes: int
    zone: ZoneInfo
    soon: int
    own: bool
    preference: int
    kilometres: float

    @property
    def end(self) -> datetime:
        """When the visit is over."""
        return self.start + timedelta(minutes=self.minutes)

    @property
    def same_day(self) -> bool:
        """Whether it is today."""
        return not self.soon


def free_slots(search: Search, sources: Sequence[Source], book: Book, window: Window) -> Iterator[Slot]:
    """The soonest free times of each source within the window that the wish allows.

    At most three of each, as many as are offered of one while there are others; a dozen where sources are few.
    Nobody is offered past the end of their licence where the patient lives. `book` holds what is taken in the window.
    """
    length = timedelta(minutes=search.visit.minutes)
    patient = list(forbidden_by_patient(book, length))
    rooms: dict[UUID, list[Stretch]] = {}
    most = ALIKE if len(search.sources) > MOST else MOST
    bound = bounds(search.wish, search.now)
    spans = {source.there: window.by(source.there, search.now) for source in sources}
    for source in sources:
        first, last = _within(source, bound, spans[source.there])
        if first > last:
            continue
        forbidden = [*patient, *forbidden_by_clinician(book, source, length)]
        if source.takes.rooms is not None:
            if source.office.id not in rooms:
                rooms[source.office.id] = forbidden_by_rooms(book, source.office.id, source.takes.rooms, length)
            forbidden += rooms[source.office.id]
        lasting = length + timedelta(minutes=source.takes.before + source.takes.after)
        starts = free_starts(_allowed(search, source, first, last), sorted(forbidden), lasting, first, last)
        for start in islice(starts, most):
            yield _slot(search, source, window, start)


def _slot(search: Search, source: Source, window: Window, start: datetime) -> Slot:
    return Slot(
        clinician=source.card.clinician,
        office=source.office.id,
        kind=source.kind,
        start=start,
        minutes=search.visit.minutes,
        zone=source.there,
        soon=window.soon,
        own=source.card.clinician == search.wish.own_clinician,
        preference=source.preference,
        kilometres=source.kilometres,
    )


def _within(source: Source, bound: Stretch, span: Stretch) -> tuple[datetime, datetime]:
    """The first and the last moment of the window's span at which the visit may start."""
    first, last = max(bound.start, span.start), min(bound.end, span.end - GRID)
    if source.card.licensed_until is not None:
        last = min(last, source.card.licensed_until - GRID)
    return first, last


def _allowed(search: Search, source: Source, first: datetime, last: datetime) -> list[Stretch]:
    """From when to when, both included, the visit may start so that it is over, with the minutes after, by closing."""
    zone = ZoneInfo(source.office.time_zone)
    days = (first.astimezone(zone).date() - DAY, last.astimezone(zone).date() + DAY)
    exceptions = Exceptions(
        holidays=search.practice.holidays,
        staff=search.practice.staff.get(source.card.clinician),
        overrides=search.overrides.get((source.card.clinician, source.office.id), ()),
    )
    hours = [weekly for weekly in source.card.hours if weekly.office == source.office.id]
    before = timedelta(minutes=source.takes.before)
    lasting = timedelta(minutes=search.visit.minutes + source.takes.after)
    starts = [
        Stretch(open_.start + before, open_.end - lasting)
        for open_ in open_times(hours, exceptions, source.office, zone, *days)
        if open_.start + before <= open_.end - lasting
    ]
    wanted = search.wish.times_of_day(source.there, first, last)
    return starts if wanted is None else common(starts, wanted)


def free_starts(
    allowed: Iterable[Stretch],
    forbidden: Sequence[Stretch],
    apart: timedelta,
    first: datetime,
    last: datetime,
) -> Iterator[datetime]:
    """Starts from `first` to `last`, `apart` from one another, on whole five minutes.

    A start may be at either end of what is allowed, and of what is forbidden, and not between the latter's. Both are
    in order; what is forbidden may overlap.
    """
    clashes = iter(forbidden)
    clash = next(clashes, None)
    for stretch in allowed:
        start = _on_grid(max(stretch.start, first))
        while start <= min(stretch.end, last):
            while clash is not None and clash.end <= start:
                clash = next(clashes, None)
            if clash is not None and clash.start < start:
                start = _on_grid(clash.end)
                continue
            yield start
            start = _on_grid(start + apart)


def _on_grid(moment: datetime) -> datetime:
    """The moment itself, or the next on whole five minutes."""
    past = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment - past + GRID if past else moment
