"""What booking is asked about availability: open or close a stretch of a clinician's time, see what was, undo it."""

from datetime import datetime
from uuid import UUID

from baton_events.codes import Availability
from shared.identity.people import Role
from shared.requests.common import Moment, Sequence, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation

STAFF = frozenset({Role.FRONT_DESK, Role.CLINICIAN})


class OverrideAvailability(Ask, frozen=True, kw_only=True):
    """Open or close the clinician's time at the office from `start` to `end`, whatever weekly hours and holidays say.

    What is booked in it stays booked.
    """

    clinician: UUID
    office: UUID
    availability: Availability
    start: Moment
    end: Moment
    reason: Words


class Overridden(Done, frozen=True, kw_only=True):
    """It counts from now on; so many `appointments` stand in it."""

    override: UUID
    appointments: int


class OfOverride(Ask, frozen=True, kw_only=True):
    """One override."""

    override: UUID


class OverrideState(Done, frozen=True, kw_only=True):
    """It counts no more."""

    override: UUID
    lifted_at: datetime


class AskOverrides(Ask, frozen=True, kw_only=True):
    """What was overridden at an office, or the caller's own time everywhere; made before `before`, a sequence."""

    office: UUID | None = None
    clinician: UUID | None = None
    before: Sequence | None = None


class Override(Answer, frozen=True, kw_only=True):
    """An override, with who made it and why; lifted ones stay on record."""

    override: UUID
    sequence: int
    clinician: UUID
    office: UUID
    availability: Availability
    start: datetime
    end: datetime
    reason: str
    made_by: UUID
    made_at: datetime
    lifted_by: UUID | None
    lifted_at: datetime | None


class Overrides(Answer, frozen=True, kw_only=True):
    """The latest first, which counts over those before; at most a hundred."""

    overrides: list[Override]


OVERRIDE = operation(
    Operation("booking", "override-availability", OverrideAvailability, Overridden, command=True, roles=STAFF),
)
LIFT = operation(Operation("booking", "lift-override", OfOverride, OverrideState, command=True, roles=STAFF))
OVERRIDES = operation(Operation("booking", "overrides", AskOverrides, Overrides, roles=STAFF))
