"""Where a prescription and its last routing stand, and what follows from what a pharmacy says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from baton_events.codes import ProblemKind, RouteReason
from shared.requests.pharmacy import FillStatus, PrescriptionStatus

COUNTER = (FillStatus.SENT, FillStatus.ACKNOWLEDGED, FillStatus.READY, FillStatus.PICKED_UP)
DOOR = (FillStatus.SENT, FillStatus.ACKNOWLEDGED, FillStatus.SHIPPED, FillStatus.DELIVERED)
ON_ITS_WAY = frozenset({FillStatus.SENT, FillStatus.ACKNOWLEDGED, FillStatus.READY, FillStatus.SHIPPED})
NOT_YET_FILLED = frozenset({FillStatus.SENT, FillStatus.ACKNOWLEDGED})
FILLED = frozenset({FillStatus.PICKED_UP, FillStatus.DELIVERED})

TRANSMIT_WITHIN = timedelta(minutes=5)
FILL_WITHIN = timedelta(hours=4)
PICK_UP_WITHIN = timedelta(days=7)
DELIVER_WITHIN = timedelta(days=3)
LONGEST_PROMISE = timedelta(days=30)

Outcome = Literal["taken", "nothing-new", "old-routing"]
"""What a pharmacy's message led to."""


@dataclass(frozen=True, kw_only=True)
class Prescription:
    """A prescription as the open transaction sees it; `generation` is its last routing's."""

    id: UUID
    patient: UUID
    prescriber: UUID
    status: PrescriptionStatus
    refills_left: int
    generation: int
    signed_at: datetime
    sealed: bytes

    def with_refills(self, left: int) -> Prescription:
        """The same with so many refills left."""
        return replace(self, refills_left=left)


@dataclass(frozen=True, kw_only=True)
class Routing:
    """One sending of a prescription to one pharmacy."""

    id: UUID
    prescription: UUID
    generation: int
    pharmacy: UUID
    reason: RouteReason
    status: FillStatus


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What stands in the way of a fill."""

    id: UUID
    prescription: UUID
    routing: UUID
    kind: ProblemKind


def steps(status: FillStatus, told: FillStatus) -> tuple[FillStatus, ...]:
    """What becomes true, in order, when a pharmacy tells `told` of a routing in `status`; empty when nothing does.

    A later step implies the earlier ones, which may still be under way to us; what is behind us is nothing new.
    """
    if told is FillStatus.RETURNED:
        return _returned(status)
    if told in FILLED:
        told = _handed_over(status, told)
    path = next((path for path in (COUNTER, DOOR) if status in path and told in path), ())
    return path[path.index(status) + 1 : path.index(told) + 1] if path else ()


def _handed_over(status: FillStatus, told: FillStatus) -> FillStatus:
    """However the pharmacy says that the patient has it: what waited was picked up, what was sent was delivered."""
    return {FillStatus.READY: FillStatus.PICKED_UP, FillStatus.SHIPPED: FillStatus.DELIVERED}.get(status, told)


def _returned(status: FillStatus) -> tuple[FillStatus, ...]:
    if status is FillStatus.SHIPPED:
        return (FillStatus.RETURNED,)
    if status in ON_ITS_WAY:
        return (*steps(status, FillStatus.READY), FillStatus.RETURNED)
    return ()


def settles(problem: ProblemKind, told: FillStatus) -> bool:
    """Whether the same pharmacy's progress puts the problem out of the way.

    Any answer settles that it could not be reached. What it refused or asked about it must go on to fill: an
    acknowledgement may only be late.
    """
    return problem is ProblemKind.UNREACHABLE or told is not FillStatus.ACKNOWLEDGED


def outcome_of_progress(status: FillStatus, told: FillStatus, problem: ProblemKind | None) -> Outcome:
    """What it leads to that the pharmacy has come to `told`, with `problem` in the way or none."""
    if status not in ON_ITS_WAY:
        return "nothing-new" if status in FILLED or status is FillStatus.RETURNED else "old-routing"
    settled = problem is not None and settles(problem, told)
    return "taken" if settled or steps(status, told) else "nothing-new"


def outcome_of_setback(status: FillStatus, problem: ProblemKind | None) -> Outcome:
    """What it leads to that the pharmacy cannot fill it: one problem at a time, and none once it is filled."""
    if status in {FillStatus.MOVED, FillStatus.CANCELLED}:
        return "old-routing"
    return "taken" if status in NOT_YET_FILLED and problem is None else "nothing-new"


def promised(promise: datetime | None, now: datetime, within: timedelta) -> datetime:
    """The pharmacy's promise if it can be meant, else our own expectation."""
    if promise is not None and now < promise <= now + LONGEST_PROMISE:
        return promise
    return now + within


def after_fill(refills_left: int) -> PrescriptionStatus:
    """A prescription with nothing left to fill is completed."""
    return PrescriptionStatus.ACTIVE if refills_left else PrescriptionStatus.COMPLETED
