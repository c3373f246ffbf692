"""Uploads that were given up, and objects that nothing holds, are removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from services.messaging.model.attachments import UNUSED_AFTER
from services.messaging.store import attachments as store
from shared import background
from shared.deadlines import set_deadline

if TYPE_CHECKING:
    import asyncio

    from services.messaging.operations.ground import MessagingGround
    from shared.database import Tx
    from shared.deadlines import Deadline

UPLOAD_OVER = "upload-over"
AT_ONCE = 100


async def upload_over(ground: MessagingGround, tx: Tx, deadline: Deadline) -> None:
    """Remove what is not whole after a day; a whole file waits a week for its message."""
    standing = await store.standing(tx, deadline.entity)
    if standing is None:
        return
    finished_at, used_at = standing
    now = max(ground.clock(), deadline.due_at)
    if used_at is not None:
        return
    if finished_at is not None and finished_at + UNUSED_AFTER > now:
        await set_deadline(tx, UPLOAD_OVER, deadline.entity, finished_at + UNUSED_AFTER)
        return
    await store.release(tx, [deadline.entity], now)


async def tidy(ground: MessagingGround, stop: asyncio.Event) -> None:
    """Remove, again and again, the objects that nothing holds."""
    await background.repeat("objects", partial(remove_loose, ground), stop)


async def remove_loose(ground: MessagingGround) -> float:
    """Remove what is due; gives the seconds to rest. Done twice, or broken off, it is done once."""
    async with ground.db.transaction() as tx:
        objects = await store.loose(tx, ground.clock(), AT_ONCE)
    if objects:
        await ground.objects.remove(objects)
        async with ground.db.transaction() as tx:
            await store.forget(tx, objects)
    return 0.0 if len(objects) == AT_ONCE else ground.limits.tidy_seconds
