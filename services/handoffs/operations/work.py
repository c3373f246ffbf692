"""The open work of the caller and of the caller's teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.handoffs.operations.show import shown
from services.handoffs.store import reading
from services.handoffs.table import ROWS
from shared import audit
from shared.requests.handoffs import Work

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.handoffs import AskWork

MOST = 500


async def work(ground: Ground, call: Call, _: AskWork) -> Work:
    """What the caller is accountable for now, also what has climbed to them; most urgent first."""
    async with ground.db.transaction() as tx:
        owed = await reading.owed_by(tx, call.person.owners, MOST)
        await audit.record(tx, call, "read", patient=None, range=f"{len(owed)} open handoffs")
    return Work(work=[shown(held, ROWS[held.name].owed) for held in owed])
