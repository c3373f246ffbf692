"""Looking for free times as booking does, with the book given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.booking.model.ranking import Ranked, best, enough
from services.booking.model.search import Search, steps
from services.booking.model.slots import Slot, free_slots
from tests.booking.people import EMPTY, PRACTICE, pacific

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.book import Book
    from services.booking.model.hours import Override
    from services.booking.model.wish import Wish
    from shared.practice import Practice
    from shared.requests.directory import ClinicianCard

NOW = pacific("2026-12-01T10:00:30")


def ranked(
    asked: Wish,
    *cards: ClinicianCard,
    book: Book = EMPTY,
    now: datetime = NOW,
    practice: Practice = PRACTICE,
    overrides: Mapping[tuple[UUID, UUID], Sequence[Override]] | None = None,
) -> list[Ranked]:
    """What is offered, with its rank."""
    search = Search(wish=asked, practice=practice, cards=cards, overrides=overrides or {}, now=now)
    found: list[Slot] = []
    for sources, window in steps(search):
        found += free_slots(search, sources, book, window)
        if enough(found, search.sources):
            break
    return best(found)


def offered(asked: Wish, *cards: ClinicianCard, **how: object) -> list[Slot]:
    """What is offered, best first."""
    return [one.slot for one in ranked(asked, *cards, **how)]  # type: ignore[arg-type]
