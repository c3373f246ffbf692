"""Who holds the work, who is next, and why a request about it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import HandoffName
from services.handoffs.declare import Row, Team
from shared.errors import Conflict, Invalid
from shared.requests.handoffs import HandoffState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID


ESCALATE = "escalate"
"""The kind of the ledger's only deadlines."""


class WorkSettled(Conflict):
    """This work is already settled and needs nobody any more. Look at your work again; it is no longer on it."""

    code = "work-settled"


class WorkTaken(Conflict):
    """A colleague of the owner named here has already taken this work. Choose other work, or ask them to pass it on."""

    code = "work-taken"


class TakenWhereItIsDone(Conflict):
    """This work is taken where it is done: accept the order or claim the thread; this list then shows you have it."""

    code = "taken-where-it-is-done"


class AlreadyTheirs(Conflict):
    """The work already belongs to that owner. Nothing needs to be done."""

    code = "already-theirs"


class OwnerUnknown(Invalid):
    """Nobody in this practice goes by that owner. Name one of its teams, an office's team or a clinician."""

    code = "owner-unknown"


class NeverThePatient(Invalid):
    """Work is never handed to the patient. Name a team or a clinician."""

    code = "never-the-patient"


@dataclass(frozen=True, kw_only=True)
class Held:
    """An entry of the ledger with the custody that stands, or stood last."""

    id: UUID
    name: HandoffName
    case: UUID
    patient: UUID | None
    opened_by: UUID
    opened_at: datetime
    state: HandoffState
    settled_by: UUID | None
    settled_at: datetime | None
    chased: int
    number: int
    owner: str
    since: datetime
    due: datetime
    rung: int
    accepted_by: UUID | None

    @property
    def open(self) -> bool:
        """Whether the work is still owed."""
        return self.state is HandoffState.OPEN

    @property
    def about_erasure(self) -> bool:
        """Whether the work is to erase the patient, which goes on when they are."""
        return self.name is HandoffName.RECORD_ERASE


@dataclass(frozen=True, kw_only=True)
class Next:
    """Where custody climbs to when the deadline has passed."""

    owner: str
    rung: int
    due: datetime


def climb(row: Row, held: Held, first_owner: str, now: datetime) -> Next:
    """The next rung; the last one is asked again and again, for as long as the work is owed."""
    rung = min(held.rung + 1, len(row.ladder))
    step = row.ladder[rung - 1]
    office = office_of(first_owner)
    if isinstance(step.owner, Team):
        owner = f"team:{step.owner.name}"
    else:
        owner = f"team:{step.owner.name}:{office}" if office else "team:care"
    return Next(owner=owner, rung=rung, due=now + step.within)


def office_of(owner: str) -> str | None:
    """The office of an office's team (`team:room:<office>`); none of any other owner."""
    kind, *rest = owner.split(":")
    return rest[1] if kind == "team" and len(rest) == 2 else None


def known(owner: str, offices: Collection[UUID]) -> bool:
    """Whether a team's office is one of this practice; that the team exists is held by the type of an owner."""
    office = office_of(owner)
    return office is None or office in {str(known_office) for known_office in offices}
