"""A message that is the follow-up after a visit, from the clinician who owes it: who saw the patient, or took over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.messaging import FollowUpSent
from services.messaging.model.threads import FollowUpNotOwed
from services.messaging.operations.consequences.declare import Consequence
from services.messaging.store import follow_ups
from shared.outbox import announce

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx


def concerns(placed: Placed) -> bool:
    """Whether the letter names a visit."""
    return placed.letter.follow_up_of is not None


async def refuses(tx: Tx, placed: Placed) -> FollowUpNotOwed | None:
    """Only who owes the follow-up sends it."""
    letter, visit = placed.letter, placed.letter.follow_up_of
    assert visit is not None
    owner = await follow_ups.owed(tx, visit, letter.card.patient, letter.call.person.owners)
    return None if owner else FollowUpNotOwed()


async def settle(tx: Tx, placed: Placed) -> None:
    """Mark it as sent and say so."""
    letter, visit = placed.letter, placed.letter.follow_up_of
    assert visit is not None
    owner = await follow_ups.send(tx, visit, letter.message, letter.call.now)
    sent = FollowUpSent(
        visit=visit,
        patient=letter.card.patient,
        author=letter.author,
        author_owner=owner,
        thread=letter.card.id,
        message=letter.message,
    )
    await announce(tx, sent, letter.call.now)


CONSEQUENCE = Consequence(concerns=concerns, refuses=refuses, settle=settle)
