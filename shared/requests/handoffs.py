"""What handoffs is asked: what is owed to whom, taking it, passing it on, and the patient's trail."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from baton_events.codes import HandoffName, Owner
from shared.identity.people import STAFF, Role
from shared.requests.common import OfPatient
from shared.requests.declare import Answer, Ask, Done, Operation, operation


class HandoffState(StrEnum):
    """Where one piece of owed work stands."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class AskWork(Ask, frozen=True, kw_only=True):
    """The open work of the caller and the caller's teams."""


class Handoff(Answer, frozen=True, kw_only=True):
    """One piece of owed work, with its one accountable owner."""

    handoff: UUID
    name: HandoffName
    case: UUID
    patient: UUID | None
    owner: Owner
    accepted_by: UUID | None
    due: datetime
    rung: int
    state: HandoffState
    opened_at: datetime
    closed_at: datetime | None
    sentence: str


class Work(Answer, frozen=True, kw_only=True):
    """Most urgent first."""

    work: list[Handoff]


class OfHandoff(Ask, frozen=True, kw_only=True):
    """Take this work."""

    handoff: UUID


class MoveHandoff(Ask, frozen=True, kw_only=True):
    """Pass this work to another owner."""

    handoff: UUID
    owner: Owner


class HandoffNow(Done, frozen=True, kw_only=True):
    """Who has it."""

    handoff: UUID
    owner: Owner
    state: HandoffState


class TrailStep(Answer, frozen=True, kw_only=True):
    """One step, in a plain sentence for the patient."""

    at: datetime
    handoff: UUID
    name: HandoffName
    step: str
    owner: Owner
    sentence: str


class Trail(Answer, frozen=True, kw_only=True):
    """The patient's handoffs: those open now, and every step in order of time."""

    open: list[Handoff]
    steps: list[TrailStep]


WORK = operation(Operation("handoffs", "work", AskWork, Work, roles=STAFF))
ACCEPT = operation(Operation("handoffs", "accept", OfHandoff, HandoffNow, command=True, roles=STAFF))
MOVE = operation(Operation("handoffs", "move", MoveHandoff, HandoffNow, command=True, roles=STAFF))
TRAIL = operation(
    Operation(
        "handoffs",
        "trail",
        OfPatient,
        Trail,
        roles=frozenset({Role.PATIENT, Role.PROXY, Role.CLINICIAN, Role.NURSE}),
    ),
)
