"""What the patient asked for, kept sealed with the offers made for it and with the appointment taken from them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from baton_events.codes import VisitKind
from services.booking.model.horizon import GRID
from services.booking.model.hours import MIDNIGHT, MIDNIGHTS_END, Stretch, moment


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """The patient's words, and the kind of visit they led to."""

    reason: str
    visit_type: str


class Moving(msgspec.Struct, frozen=True, kw_only=True):
    """The appointment for which another time is wanted, as it stands after this many changes.

    Its price was locked when it was booked: another time never costs more.
    """

    appointment: UUID
    sequence: int
    clinician: UUID
    start: datetime
    price_cents: int


class Wish(Why, frozen=True, kw_only=True):
    """Why, what they would rather have, and what of them offers are ranked by, so that they can be ranked again.

    `earliest` and `latest` bound the start, `after` and `before` it by the clock where the patient will be, both
    included; `days` by ISO 8601, 1 is Monday.
    """

    latitude: float
    longitude: float
    time_zone: str
    own_clinician: UUID | None = None
    office: UUID | None = None
    clinician: UUID | None = None
    kind: VisitKind | None = None
    state: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    after: str | None = None
    before: str | None = None
    days: frozenset[int] = frozenset()
    moving: Moving | None = None

    @property
    def anything(self) -> Wish:
        """The same without what they would rather have."""
        return Wish(
            reason=self.reason,
            visit_type=self.visit_type,
            latitude=self.latitude,
            longitude=self.longitude,
            time_zone=self.time_zone,
            own_clinician=self.own_clinician,
            state=self.state,
            moving=self.moving,
        )

    def times_of_day(self, zone: ZoneInfo, first: datetime, last: datetime) -> list[Stretch] | None:
        """The hours and days wished for, from one moment to the other; None where any will do."""
        if self.after is None and self.before is None and not self.days:
            return None
        after, before = self.after or MIDNIGHT, self.before or MIDNIGHTS_END
        spans = [(after, before)] if after <= before else [(MIDNIGHT, before), (after, MIDNIGHTS_END)]
        day, until = first.astimezone(zone).date(), last.astimezone(zone).date()
        found: list[Stretch] = []
        while day <= until:
            if not self.days or day.isoweekday() in self.days:
                found.extend(Stretch(moment(day, begin, zone), _last(day, end, zone)) for begin, end in spans)
            day += timedelta(days=1)
        return found

    @property
    def instead_of(self) -> UUID | None:
        """The appointment that is to move."""
        return self.moving.appointment if self.moving else None

    def price_cents(self, now: int) -> int:
        """What it costs, where the practice's price is `now` that: no more than what is locked already."""
        return min(self.moving.price_cents, now) if self.moving else now

    def state_by(self, kind: VisitKind) -> str | None:
        """Where they say they will be, which counts by video only."""
        return self.state if kind is VisitKind.VIDEO else None

    @property
    def why(self) -> Why:
        """The part that goes with the appointment."""
        return Why(reason=self.reason, visit_type=self.visit_type)


def _last(day: date, end: str, zone: ZoneInfo) -> datetime:
    """The last start of the hours; midnight's end belongs to the next day."""
    return moment(day, end, zone) - (GRID if end == MIDNIGHTS_END else timedelta())
