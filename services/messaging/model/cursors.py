"""Where a page of a list ends, as the next request gives it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.errors import Invalid


class BadCursor(Invalid):
    """The cursor is none that a list gave. Begin again without it, or give the one of the last page unchanged."""

    code = "bad-cursor"


def write(at: datetime, thread: UUID) -> str:
    """The cursor of a list ordered by time and thread."""
    return f"{at.replace(tzinfo=None).isoformat()}_{thread}"


def read(cursor: str) -> tuple[datetime, UUID]:
    """The time, in UTC without saying so, and the thread; raises BadCursor."""
    at, _, thread = cursor.partition("_")
    try:
        place = datetime.fromisoformat(at), UUID(thread)
    except ValueError as error:
        raise BadCursor from error
    if place[0].tzinfo is not None or write(*place) != cursor:
        raise BadCursor
    return place
