"""What directory refuses, and what it derives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from shared.errors import Conflict, Invalid, NotFound
from shared.zones import is_known

if TYPE_CHECKING:
    from shared.requests.directory import RegisterPatient

REGISTRATIONS = UUID("5eed0000-0000-4000-8000-000000000001")
VISITS = UUID("5eed0000-0000-4000-8000-000000000002")
MOST_NAMES = 50
EARLIEST_BIRTH = date(1900, 1, 1)
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class UnknownPerson(NotFound):
    """There is nobody here by this id. Check it, or ask the practice."""

    code = "unknown-person"


class RelationshipDiffers(Conflict):
    """This relationship stands between other people. Register another one under an id of its own."""

    code = "relationship-differs"


def registration(patient: UUID, clinician: UUID) -> UUID:
    """The id of the relationship that being registered with an own clinician starts."""
    return uuid5(REGISTRATIONS, f"{patient}:{clinician}")


def begun(visit: UUID) -> UUID:
    """The id of the relationship that a visit under way stands for."""
    return uuid5(VISITS, str(visit))


def names_wanted(ids: str) -> list[UUID]:
    """The ids of a list separated by commas, at most fifty; raises Invalid."""
    try:
        wanted = [UUID(part.strip()) for part in ids.split(",") if part.strip()]
    except ValueError:
        raise Invalid(field="ids") from None
    if len(wanted) > MOST_NAMES:
        raise Invalid(field="ids")
    return wanted


def check_patient(patient: RegisterPatient, today: date) -> None:
    """Raise Invalid for a name nobody can read out, a birth date that cannot be or a time zone that is none."""
    if not patient.name.isprintable() or not patient.name.strip():
        raise Invalid(field="name")
    if not EARLIEST_BIRTH <= patient.birth_date <= today:
        raise Invalid(field="birth_date")
    if not is_known(patient.time_zone):
        raise Invalid(field="time_zone")


def check_moment(at: datetime | None) -> None:
    """Raise Invalid for a time beyond anybody's licence."""
    if at is not None and not EARLIEST <= at <= LATEST:
        raise Invalid(field="at")


def lacking(*, prescribes: bool, related: bool, licensed: bool) -> str | None:
    """The first thing that stands between a clinician and prescribing, or None."""
    if not prescribes:
        return "authority"
    if not related:
        return "relationship"
    return None if licensed else "licence"
