"""Who settles which problem by when, and which of them the practice settles by moving the prescription."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from baton_events.codes import ProblemKind

if TYPE_CHECKING:
    from uuid import UUID

RESOLVE_WITHIN = {
    ProblemKind.OUT_OF_STOCK: timedelta(minutes=15),
    ProblemKind.CLOSED: timedelta(minutes=15),
    ProblemKind.UNREACHABLE: timedelta(minutes=15),
    ProblemKind.REFUSED: timedelta(minutes=15),
    ProblemKind.CLARIFICATION: timedelta(hours=1),
}

MOVES = frozenset({ProblemKind.OUT_OF_STOCK, ProblemKind.CLOSED, ProblemKind.UNREACHABLE, ProblemKind.REFUSED})
"""What another pharmacy may not stand in the way of."""


def resolve_owner(kind: ProblemKind, prescriber: UUID) -> str:
    """Whose it is: the prescriber's where the pharmacy asks about the prescription itself, else the technicians'."""
    return f"clinician:{prescriber}" if kind is ProblemKind.CLARIFICATION else "team:pharmacy-technicians"
