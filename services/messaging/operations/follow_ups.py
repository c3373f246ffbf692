"""List the follow-ups a clinician owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging import store
from shared.requests.messaging import AskFollowUps, FollowUp, FollowUps

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call


async def follow_ups(ground: MessagingGround, call: Call, _: AskFollowUps) -> FollowUps:
    """Give what the caller owes; ids and times only."""
    async with ground.db.transaction() as tx:
        rows = await store.follow_ups(tx, call.person.id)
    return FollowUps(follow_ups=[FollowUp(visit=row["visit"], patient=row["patient"], due=row["due"]) for row in rows])
