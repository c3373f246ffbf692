"""Find messages by their words: opened under the caller's authority, a bounded number at a time, kept nowhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from baton_events.codes import Party
from services.messaging.model.search import holds, snippet, wanted
from services.messaging.operations.opening import text_of
from services.messaging.operations.party import admit, vouch
from services.messaging.store import threads as store
from shared import audit
from shared.requests.conversation import Hit, Hits

if TYPE_CHECKING:
    import asyncpg

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.conversation import Search
    from shared.sealing import GroupKeys

AT_A_TIME = 400
"""Messages that one request opens."""

SLICE = 16 * 1024
"""Bytes that are opened before others have their turn."""

END = 2**62
"""Above every sequence."""


async def search(ground: MessagingGround, call: Call, ask: Search) -> Hits:
    """The messages of the next four hundred that hold the words, once the look is on record; raises NoSuchThread."""
    words = wanted(ask.words)
    card = await ground.card(ask.thread)
    vouched = await vouch(ground, call, ask.thread)
    keys = await ground.keys(card)
    async with ground.db.transaction() as tx:
        admit(await store.look(tx, ask.thread), call, vouched=vouched)
        rows = await store.page(tx, ask.thread, ask.before or END, AT_A_TIME)
        seen = f"searched messages {rows[-1]['sequence']}-{rows[0]['sequence']}" if rows else "searched no messages"
        await audit.record(tx, call, "read", patient=card.patient, object=card.id, range=seen)
    return Hits(
        thread=card.id,
        hits=await _hits(keys, rows, words),
        before=rows[-1]["sequence"] if rows and rows[-1]["sequence"] > 1 else None,
    )


async def _hits(keys: GroupKeys, rows: list[asyncpg.Record], words: list[str]) -> list[Hit]:
    """Those of the messages that hold the words, opened in slices so that nobody else waits long."""
    hits: list[Hit] = []
    opened = 0
    for row in rows:
        text = text_of(keys, row)
        if holds(text, words):
            hits.append(_hit(row, snippet(text, words)))
        opened += len(row["sealed"])
        if opened >= SLICE:
            opened = 0
            await asyncio.sleep(0)
    return hits


def _hit(row: asyncpg.Record, shown: str) -> Hit:
    return Hit(
        message=row["id"],
        sequence=row["sequence"],
        author=row["author"],
        party=Party(row["party"]),
        at=row["at"],
        snippet=shown,
    )
