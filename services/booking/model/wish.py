"""What the patient asked for, kept sealed with the offers made for it and with the appointment taken from them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from baton_events.codes import VisitKind


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """The patient's words, and the kind of visit they led to."""

    reason: str
    visit_type: str


class Moving(msgspec.Struct, frozen=True, kw_only=True):
    """The appointment for which another time is wanted, as it stands after this many changes; its price stays."""

    appointment: UUID
    sequence: int
    clinician: UUID
    start: datetime
    price_cents: int


class Wish(Why, frozen=True, kw_only=True):
    """Why, what they would rather have, and what of them offers are ranked by, so that they can be ranked again.

    `earliest` and `latest` bound the start.
    """

    latitude: float
    longitude: float
    time_zone: str
    own_clinician: UUID | None = None
    office: UUID | None = None
    clinician: UUID | None = None
    kind: VisitKind | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    moving: Moving | None = None

    @property
    def anything(self) -> Wish:
        """The same without what they would rather have."""
        return msgspec.structs.replace(self, office=None, clinician=None, kind=None, earliest=None, latest=None)

    @property
    def instead_of(self) -> UUID | None:
        """The appointment that is to move."""
        return self.moving.appointment if self.moving else None

    @property
    def why(self) -> Why:
        """The part that goes with the appointment."""
        return Why(reason=self.reason, visit_type=self.visit_type)
