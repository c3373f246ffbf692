"""What is searched for a wish: who, at which office, for which kind of visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from baton_events.codes import Availability, VisitKind
from services.booking.model.footprint import footprint
from services.booking.model.horizon import FORTNIGHT, bounds, windows
from services.booking.model.hours import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.footprint import Footprint
    from services.booking.model.horizon import Window
    from services.booking.model.hours import Override
    from services.booking.model.wish import Wish
    from shared.practice import Practice
    from shared.practice.model import Office, VisitType
    from shared.requests.directory import ClinicianCard

    Overrides = Mapping[tuple[UUID, UUID], Sequence[Override]]

EARTH_KILOMETRES = 6371.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A clinician at an office for a kind of visit.

    `there` is the zone of where the patient will be, `preference` the place of the kind in the practice's order,
    `kilometres` the way from the patient's home, none by video.
    """

    card: ClinicianCard
    office: Office
    kind: VisitKind
    there: ZoneInfo
    preference: int
    kilometres: float
    takes: Footprint


@dataclass(frozen=True, kw_only=True)
class Search:
    """A wish, the practice, who of it may treat the patient, and what staff overrode, by clinician and office."""

    wish: Wish
    practice: Practice
    cards: Sequence[ClinicianCard]
    overrides: Overrides
    now: datetime

    @property
    def visit(self) -> VisitType:
        """The kind of visit."""
        return self.practice.visit_types[self.wish.visit_type]

    @property
    def reach(self) -> timedelta:
        """From how far before or after a visit another can be in its way."""
        types = self.practice.visit_types.values()
        longest = max(one.before_minutes + one.minutes + one.after_minutes for one in types)
        return timedelta(minutes=2 * longest + self.practice.travel_minutes)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Nobody is at an office in a state where they hold no licence, nor in one without a room that fits."""
        return tuple(
            source
            for card in self.cards
            if self.wish.clinician in {None, card.clinician} and _treats(card, self.visit)
            for office in self._offices(card)
            for source in self._at(card, office)
        )

    def _offices(self, card: ClinicianCard) -> Iterator[Office]:
        """Where the clinician is at some time."""
        ids = {hours.office for hours in card.hours}
        if staff := self.practice.staff.get(card.clinician):
            ids.update(extra.office for extra in staff.extra_hours)
        for (clinician, office), overrides in self.overrides.items():
            if clinician == card.clinician and any(one.availability is Availability.OPEN for one in overrides):
                ids.add(office)
        if self.wish.office is not None:
            ids &= {self.wish.office}
        return (self.practice.offices[id_] for id_ in sorted(ids) if id_ in self.practice.offices)

    def _at(self, card: ClinicianCard, office: Office) -> Iterator[Source]:
        for preference, kind in enumerate(self.visit.kinds):
            if self.wish.kind not in {None, kind} or not may_be_at(card, office, kind):
                continue
            takes = footprint(self.practice, self.visit, office, kind, card.clinician)
            if takes.rooms == ():
                continue
            in_person = kind is VisitKind.OFFICE
            yield Source(
                card=card,
                office=office,
                kind=kind,
                there=ZoneInfo(office.time_zone if in_person else self.wish.time_zone),
                preference=preference,
                kilometres=_distance(self.wish, office) if in_person else 0.0,
                takes=takes,
            )


def steps(search: Search) -> Iterator[tuple[list[Source], Window]]:
    """What to look through, one after the other, until there is enough: nothing later goes before what was found.

    Everybody's today; their own clinician's two weeks; then everybody's next days, further and further.
    """
    bound = bounds(search.wish, search.now)
    zones = {source.there for source in search.sources}
    days = windows(search.wish, search.now, zones) if zones else []
    within = [one for one in days if _meets(one.span(zones, search.now), bound)]
    own = [source for source in search.sources if source.card.clinician == search.wish.own_clinician]
    others = [source for source in search.sources if source.card.clinician != search.wish.own_clinician]
    fortnight = [one for one in within if 0 < one.soon <= FORTNIGHT]
    yield from ((list(search.sources), one) for one in within if not one.soon)
    yield from ((own, one) for one in fortnight if own)
    yield from ((others, one) for one in fortnight if others)
    yield from ((list(search.sources), one) for one in within if one.soon > FORTNIGHT)


def span_of(search: Search, sources: Iterable[Source], window: Window) -> Stretch:
    """From when to when a visit of the sources may start in this window."""
    bound, span = bounds(search.wish, search.now), window.span({source.there for source in sources}, search.now)
    return Stretch(max(bound.start, span.start), min(bound.end, span.end))


def _meets(span: Stretch, bound: Stretch) -> bool:
    return span.start <= bound.end and bound.start < span.end


def _treats(card: ClinicianCard, visit: VisitType) -> bool:
    return not visit.specialties or card.specialty in visit.specialties


def may_be_at(card: ClinicianCard, office: Office, kind: VisitKind) -> bool:
    """Whether the clinician sees patients by video, or is licensed where the office is."""
    return card.video if kind is VisitKind.VIDEO else office.state in card.licensed_in


def _distance(wish: Wish, office: Office) -> float:
    """Kilometres along a great circle from the patient's home to the office."""
    south, north = radians(wish.latitude), radians(office.latitude)
    east = radians(office.longitude - wish.longitude)
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return 2 * EARTH_KILOMETRES * asin(sqrt(chord))
