"""What staff see to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from services.messaging.model import cursors
from services.messaging.model.threads import opens
from services.messaging.store import inbox as store
from services.messaging.store.inbox import FIRST, Place
from shared import audit
from shared.requests.custody import Inbox, InboxThread

if TYPE_CHECKING:
    import asyncpg

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.custody import AskInbox


async def inbox(ground: MessagingGround, call: Call, ask: AskInbox) -> Inbox:
    """A page of the caller's inbox, once the look is on record; a thread they may not open shows no more than its due.

    Raises BadCursor.
    """
    after = Place(*cursors.read(ask.before)) if ask.before else FIRST
    async with ground.db.transaction() as tx:
        rows = await store.page(tx, call.person.id, call.person.teams, after, ask.limit)
        seen = f"{len(rows)} threads, {rows[0]['id']} to {rows[-1]['id']}" if rows else "no threads"
        await audit.record(tx, call, "read", patient=None, range=seen)
    more = len(rows) == ask.limit
    return Inbox(
        threads=[shown for row in rows if (shown := _shown(row, call))],
        before=cursors.write(rows[-1]["urgency"], rows[-1]["id"]) if more else None,
    )


def _shown(row: asyncpg.Record, call: Call) -> InboxThread | None:
    """The line; none of a thread that is the caller's no more, is erased, or is about themselves."""
    person, kind = call.person, ThreadKind(row["kind"])
    readable = opens(
        kind,
        row["team"],
        person.teams,
        theirs=row["assigned"] == person.id,
        takes_part=row["takes_part"],
        owed=row["owed"],
    )
    if row["erased"] or row["patient"] == person.id or not (readable or row["team"] in person.teams):
        return None
    return InboxThread(
        thread=row["id"],
        kind=kind,
        team=row["team"],
        assigned=row["assigned"],
        due=row["due"],
        last_at=row["last_at"],
        opens=readable,
        patient=row["patient"] if readable else None,
        sequence=row["sequence"] if readable else None,
        unread=row["unread"] if readable else None,
    )
