"""A visit and an order as the records have them, and which step each state allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from baton_events.codes import VisitKind
from services.visits.model import refusals
from services.visits.model.times import check_in_opens
from shared.requests.visits import NextStep, OrderStatus, VisitStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.errors import Refusal

PLANNED, ARRIVED, IN_PROGRESS = VisitStatus.PLANNED, VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS
FINISHED, CANCELLED = VisitStatus.FINISHED, VisitStatus.CANCELLED
PLACE_ITEMS: Final = 50
"""From this number on the checklist is about the place, which may change while the reason does not."""
OPEN_ORDER: Final = frozenset({OrderStatus.REQUESTED, OrderStatus.ACCEPTED})


@dataclass(frozen=True, kw_only=True)
class VisitRow:
    """A visit; `guidance` and `summary` are sealed. Its reason may call for a follow-up that nobody asks for.

    `state` is where the patient said at check-in they are.
    """

    id: UUID
    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    end: datetime
    time_zone: str
    status: VisitStatus
    guidance: bytes
    summary: bytes | None
    checked_in_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    follow_up_called_for: bool
    follow_up_due: datetime | None
    follow_up_declined_at: datetime | None
    state: str | None


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """An order; `details` and `outcome` are sealed."""

    id: UUID
    visit: UUID
    patient: UUID
    office: UUID
    clinician: UUID
    status: OrderStatus
    details: bytes
    placed_at: datetime
    due: datetime
    accepted_by: UUID | None
    settled_by: UUID | None
    settled_at: datetime | None
    outcome: bytes | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a clinician wrote about a visit."""

    summary: str
    next_steps: list[NextStep]


class OpinionWords(msgspec.Struct, frozen=True, kw_only=True):
    """How a patient says the visit went, from 1 to 5."""

    score: int
    words: str | None


class OrderDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What was ordered."""

    code: str
    note: str | None


class OrderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended: the lot and a note when it was done, the reason when it was not."""

    lot: str | None
    words: str | None


def _only(status: VisitStatus, wanted: VisitStatus, otherwise: Mapping[VisitStatus, type[Refusal]]) -> None:
    if status is not wanted:
        raise otherwise[status]


def require_check_in(visit: VisitRow, now: datetime) -> None:
    """Raise unless the patient can check in, or already has."""
    if visit.status is ARRIVED:
        return
    _only(
        visit.status,
        PLANNED,
        {
            IN_PROGRESS: refusals.AlreadyStarted,
            FINISHED: refusals.AlreadyEnded,
            CANCELLED: refusals.AppointmentGivenBack,
        },
    )
    if now < check_in_opens(visit.start):
        raise refusals.TooEarlyToCheckIn(opens_at=check_in_opens(visit.start))
    if now > visit.end:
        raise refusals.TooLateToCheckIn


def require_before(visit: VisitRow) -> None:
    """Raise unless the visit is still to come."""
    if visit.status is not ARRIVED:
        _only(
            visit.status,
            PLANNED,
            {
                IN_PROGRESS: refusals.AlreadyStarted,
                FINISHED: refusals.AlreadyEnded,
                CANCELLED: refusals.AppointmentGivenBack,
            },
        )


def require_leave(visit: VisitRow) -> None:
    """Raise unless the patient is waiting."""
    _only(
        visit.status,
        ARRIVED,
        {
            PLANNED: refusals.NotCheckedIn,
            IN_PROGRESS: refusals.AlreadyStarted,
            FINISHED: refusals.AlreadyEnded,
            CANCELLED: refusals.AppointmentGivenBack,
        },
    )


def require_start(visit: VisitRow) -> None:
    """Raise unless the patient has checked in and the visit has not begun."""
    _only(
        visit.status,
        ARRIVED,
        {
            PLANNED: refusals.StartBeforeCheckIn,
            IN_PROGRESS: refusals.AlreadyStarted,
            FINISHED: refusals.AlreadyEnded,
            CANCELLED: refusals.AppointmentGivenBack,
        },
    )


def require_under_way(visit: VisitRow) -> None:
    """Raise unless the clinician is with the patient."""
    _only(
        visit.status,
        IN_PROGRESS,
        {
            PLANNED: refusals.NotStarted,
            ARRIVED: refusals.NotStarted,
            FINISHED: refusals.AlreadyEnded,
            CANCELLED: refusals.AppointmentGivenBack,
        },
    )


def require_ended(visit: VisitRow) -> None:
    """Raise unless the visit is over."""
    _only(
        visit.status,
        FINISHED,
        {
            PLANNED: refusals.NotEnded,
            ARRIVED: refusals.NotEnded,
            IN_PROGRESS: refusals.NotEnded,
            CANCELLED: refusals.AppointmentGivenBack,
        },
    )


def require_open(order: OrderRow) -> None:
    """Raise unless the order is still to be done."""
    if order.status not in OPEN_ORDER:
        raise refusals.OrderSettled


def require_mine(order: OrderRow, person: UUID) -> None:
    """Raise unless the order is still to be done, and by nobody else."""
    require_open(order)
    if order.accepted_by not in {None, person}:
        raise refusals.OrderTaken


def require_free(order: OrderRow, person: UUID, now: datetime) -> None:
    """Raise unless the person may take the order, as anybody in the team may who finds it overdue."""
    require_open(order)
    if now < order.due:
        require_mine(order, person)
