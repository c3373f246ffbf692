"""Who and what booking's tests talk about."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.model.book import Book
from services.booking.model.wish import Wish
from shared.practice import load
from shared.requests.directory import ClinicianCard, Hours

PRACTICE = load(Path(__file__).parents[2] / "deploy" / "practice")

OAKLAND = UUID("0ff1ce00-0000-4000-8000-000000000001")
DENVER = UUID("0ff1ce00-0000-4000-8000-000000000002")
SAN_FRANCISCO = UUID("0ff1ce00-0000-4000-8000-000000000003")
AMARA = UUID("c1111c00-0000-4000-8000-000000000001")
BEN = UUID("c1111c00-0000-4000-8000-000000000002")
CHEN = UUID("c1111c00-0000-4000-8000-000000000004")
MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
JONAS = UUID("9a71e000-0000-4000-8000-000000000002")
AISHA = UUID("9a71e000-0000-4000-8000-000000000003")
SAMIRA = UUID("9a71e000-0000-4000-8000-000000000004")
NOOR = UUID("57aff000-0000-4000-8000-000000000001")
FERN = UUID("57aff000-0000-4000-8000-000000000003")

PACIFIC = ZoneInfo("America/Los_Angeles")
EMPTY = Book()


def pacific(text: str) -> datetime:
    """The moment at which a clock on the west coast shows this, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC).astimezone(UTC)


def weekly(office: UUID, opens: str, closes: str, days: range = range(1, 8)) -> list[Hours]:
    """The same hours on several days of the week."""
    return [Hours(office=office, weekday=day, opens=opens, closes=closes) for day in days]


def card(clinician: UUID, hours: list[Hours], **changed: object) -> ClinicianCard:
    """A clinician licensed on the west coast."""
    said = {
        "name": "Somebody",
        "credential": "MD",
        "specialty": "family-medicine",
        "licensed_in": ["CA"],
        "video": False,
        **changed,
    }
    return ClinicianCard(clinician=clinician, hours=hours, **said)  # type: ignore[arg-type]


def wish(**changed: object) -> Wish:
    """What Maria, who lives in San Francisco, wishes for."""
    said: dict[str, object] = {
        "reason": "a rash",
        "visit_type": "general",
        "latitude": 37.7609,
        "longitude": -122.4350,
        "time_zone": "America/Los_Angeles",
        "own_clinician": AMARA,
        **changed,
    }
    return Wish(**said)  # type: ignore[arg-type]
