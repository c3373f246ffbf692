"""Free times: computed from weekly hours less what is taken; there is no table of slots."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from baton_events.codes import VisitKind
from services.booking.model.hours import Stretch, joined, open_stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from services.booking.model.wish import Wish
    from shared.practice.model import Office, VisitType
    from shared.requests.directory import ClinicianCard, Hours

LEAD = timedelta(minutes=2)
HORIZON = timedelta(days=14)
GRID = timedelta(minutes=5)
MOST = 12
EARTH_KILOMETRES = 6371.0


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A free time.

    `same_day` is by the clock where the patient will be, `preference` the place of the kind of visit in the practice's
    order, `kilometres` the way from the patient's home, none by video.
    """

    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    minutes: int
    zone: ZoneInfo
    same_day: bool
    own: bool
    preference: int
    kilometres: float

    @property
    def end(self) -> datetime:
        """When the visit is over."""
        return self.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True, kw_only=True)
class Book:
    """What is taken within the horizon: each clinician's times, and the patient's own."""

    clinicians: Mapping[UUID, Sequence[Stretch]]
    patient: Sequence[Stretch]

    def of(self, clinician: UUID) -> list[Stretch]:
        """The times at which the two cannot meet."""
        return joined(sorted((*self.clinicians.get(clinician, ()), *self.patient)))


def free_slots(
    wish: Wish,
    visit: VisitType,
    cards: Iterable[ClinicianCard],
    offices: Mapping[UUID, Office],
    book: Book,
    now: datetime,
) -> Iterator[Slot]:
    """The soonest free times of each clinician, office and kind of visit that the wish allows.

    At most a dozen of today and a dozen after, of each. Nobody is offered past the end of their licence where the
    patient lives, nor at an office in a state where they hold none.
    """
    for card in cards:
        if wish.clinician not in {None, card.clinician} or not _treats(card, visit):
            continue
        by_office: dict[UUID, list[Hours]] = defaultdict(list)
        for weekly in card.hours:
            by_office[weekly.office].append(weekly)
        for id_, hours in by_office.items():
            if id_ in offices and wish.office in {None, id_}:
                yield from _at_office(wish, visit, card, offices[id_], hours, book, now)


def _treats(card: ClinicianCard, visit: VisitType) -> bool:
    return not visit.specialties or card.specialty in visit.specialties


def _at_office(
    wish: Wish,
    visit: VisitType,
    card: ClinicianCard,
    office: Office,
    hours: list[Hours],
    book: Book,
    now: datetime,
) -> Iterator[Slot]:
    zone = ZoneInfo(office.time_zone)
    first, last = _bounds(wish, card, now)
    days = (first.astimezone(zone).date() - timedelta(days=1), last.astimezone(zone).date() + timedelta(days=1))
    stretches = open_stretches(hours, zone, *days)
    taken = book.of(card.clinician)
    for preference, kind in enumerate(visit.kinds):
        if wish.kind not in {None, kind} or not _possible(card, office, kind):
            continue
        there = zone if kind is VisitKind.OFFICE else ZoneInfo(wish.time_zone)
        today = now.astimezone(there).date()
        starts = free_starts(stretches, taken, timedelta(minutes=visit.minutes), first, last)
        for start, same_day in _soonest(starts, there, today):
            yield Slot(
                clinician=card.clinician,
                office=office.id,
                kind=kind,
                start=start,
                minutes=visit.minutes,
                zone=there,
                same_day=same_day,
                own=card.clinician == wish.own_clinician,
                preference=preference,
                kilometres=_distance(wish, office) if kind is VisitKind.OFFICE else 0.0,
            )


def _bounds(wish: Wish, card: ClinicianCard, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last moment at which a visit may start."""
    first, last = now + LEAD, now + HORIZON
    if wish.earliest is not None:
        first = max(first, min(wish.earliest, last + GRID)).astimezone(UTC)
    if wish.latest is not None:
        last = max(min(last, wish.latest), first - GRID).astimezone(UTC)
    if card.licensed_until is not None:
        last = min(last, card.licensed_until - GRID)
    return first, last


def _possible(card: ClinicianCard, office: Office, kind: VisitKind) -> bool:
    return card.video if kind is VisitKind.VIDEO else office.state in card.licensed_in


def free_starts(
    stretches: Iterable[Stretch],
    taken: Sequence[Stretch],
    length: timedelta,
    first: datetime,
    last: datetime,
) -> Iterator[datetime]:
    """Starts from `first` to `last` at which nothing is taken for `length`, one after another, on whole five minutes.

    `stretches` and `taken` are in order and do not overlap among themselves.
    """
    clashes = iter(taken)
    clash = next(clashes, None)
    for stretch in stretches:
        start = _on_grid(max(stretch.start, first))
        while start + length <= stretch.end and start <= last:
            while clash is not None and clash.end <= start:
                clash = next(clashes, None)
            if clash is not None and clash.start < start + length:
                start = _on_grid(clash.end)
                continue
            yield start
            start = _on_grid(start + length)


def _on_grid(moment: datetime) -> datetime:
    """The moment itself, or the next on whole five minutes."""
    past = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment - past + GRID if past else moment


def _soonest(starts: Iterable[datetime], zone: ZoneInfo, today: object) -> Iterator[tuple[datetime, bool]]:
    """At most a dozen of today and a dozen after, each with whether it is today."""
    same_day = later = 0
    for start in starts:
        if start.astimezone(zone).date() == today:
            same_day += 1
            if same_day <= MOST:
                yield start, True
        elif later < MOST:
            later += 1
            yield start, False
        else:
            return


def _distance(wish: Wish, office: Office) -> float:
    """Kilometres along a great circle from the patient's home to the office."""
    south, north = radians(wish.latitude), radians(office.latitude)
    east = radians(office.longitude - wish.longitude)
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return 2 * EARTH_KILOMETRES * asin(sqrt(chord))
