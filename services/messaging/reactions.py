"""What messaging does about others' events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import HandoffName
from baton_events.directory import RelationshipEnded
from baton_events.handoffs import HandoffMoved
from baton_events.visits import FollowUpDeclined, VisitEnded
from services.messaging.operations.erase import end_all
from services.messaging.store import follow_ups as store
from services.messaging.store import threads
from shared.app import Reaction
from shared.erasing import erasing

if TYPE_CHECKING:
    from shared.app import Ground, Received
    from shared.database import Tx


async def visit_ended(_: Ground, tx: Tx, got: Received[VisitEnded], __: None) -> None:
    """Remember that the clinician owes the patient a follow-up, where one was promised."""
    visit = got.event
    if visit.follow_up_due is not None:
        await store.owe(tx, visit.visit, visit.patient, visit.clinician, visit.follow_up_due)


async def follow_up_declined(_: Ground, tx: Tx, got: Received[FollowUpDeclined], __: None) -> None:
    """Remember that the patient does not want it."""
    await store.decline(tx, got.event.visit, got.event.patient, got.time)


async def handoff_moved(_: Ground, tx: Tx, got: Received[HandoffMoved], __: None) -> None:
    """Remember that the follow-up is owed by somebody else now; from then on theirs is the message that counts."""
    moved = got.event
    if moved.name is HandoffName.VISIT_FOLLOW_UP and moved.patient is not None:
        await store.pass_on(tx, moved.case, moved.patient, moved.owner, moved.due, got.sequence)


async def relationship_ended(_: Ground, tx: Tx, got: Received[RelationshipEnded], __: None) -> None:
    """Let the clinician take part in the patient's threads no longer; what else lets them in is asked each time."""
    await threads.leave(tx, got.event.patient, got.event.clinician, got.time)


REACTIONS = (
    Reaction(VisitEnded, visit_ended),
    Reaction(FollowUpDeclined, follow_up_declined),
    Reaction(HandoffMoved, handoff_moved),
    Reaction(RelationshipEnded, relationship_ended),
    erasing(end_all),
)
