"""List the follow-ups a clinician owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.store import follow_ups as store
from shared import audit
from shared.requests.messaging import AskFollowUps, FollowUp, FollowUps

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call


async def follow_ups(ground: MessagingGround, call: Call, _: AskFollowUps) -> FollowUps:
    """Give what the caller owes, once the look is on record; ids and times only."""
    async with ground.db.transaction() as tx:
        rows = await store.owed_by(tx, call.person.owners)
        await audit.record(tx, call, "read", patient=None, range=f"{len(rows)} follow-ups")
    return FollowUps(follow_ups=[FollowUp(visit=row["visit"], patient=row["patient"], due=row["due"]) for row in rows])
