"""The chainer: links committed audit rows in batches and now and then signs where the chain stands."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from baton_events.codes import ServiceName
from baton_events.common import AUDIT_CHECKPOINTED
from shared import background
from shared.audit import chain, store
from shared.errors import Unavailable
from shared.outbox import announce

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from shared.audit.store import Seen, Stored
    from shared.clock import Clock
    from shared.database import Database, Tx

BATCH = 500
EVERY_SECONDS = 1.0
CHECKPOINT_AFTER = timedelta(seconds=60)
CHECKPOINT_ROWS = 10_000


class Chainer:
    """One service's chain. Several processes may run one each: whoever holds the head links, the others pass.

    Rows are linked in the order in which they are seen committed, which may differ from their numbers. Up to `settled`
    every row is linked and none can appear any more, so that a round reads only what is new.
    """

    def __init__(
        self,
        *,
        db: Database,
        service: str,
        key: Ed25519PrivateKey,
        clock: Clock,
        checkpoint_after: timedelta = CHECKPOINT_AFTER,
    ) -> None:
        self.db = db
        self.service = ServiceName(service)
        self.key = key
        self.clock = clock
        self.checkpoint_after = checkpoint_after
        self.settled: Seen | None = None
        self.unsigned = True

    async def run(self, stop: asyncio.Event) -> None:
        """Link until told to stop, then once more; whatever fails is tried again."""
        await background.repeat("audit chain", self.catch_up, stop)
        with suppress(Unavailable):
            await self.catch_up()

    async def catch_up(self) -> float:
        """Link everything that is committed by now, unless another process is at it; give how long to rest."""
        while await self.link_batch() == BATCH:
            pass
        return EVERY_SECONDS

    async def link_batch(self) -> int:
        """Link up to BATCH rows in one transaction, with a checkpoint when one is due; give how many."""
        async with self.db.transaction() as tx:
            oldest = await store.lock_chain(tx)
            if oldest is None:
                return 0
            settled = await store.settled(tx) if self.settled is None else self.settled
            rows = await store.unlinked(tx, settled, BATCH)
            open_from = (oldest, 0)
            settled = max(settled, min(open_from, (rows[-1].tx, rows[-1].id)) if len(rows) == BATCH else open_from)
            unsigned = self.unsigned
            if rows or unsigned:
                unsigned = await self._extend(tx, rows, settled)
        self.settled, self.unsigned = settled, unsigned
        return len(rows)

    async def _extend(self, tx: Tx, rows: list[Stored], settled: Seen) -> bool:
        """Link the rows; sign when it is time. Whether links are left that no checkpoint covers."""
        position, head = await store.head(tx) or (0, chain.GENESIS)
        links = []
        for row in rows:
            position += 1
            head = chain.follow(head, position, row)
            links.append((position, row.id, head))
        if links:
            await store.link(tx, links)
        now, last = self.clock(), await store.last_checkpoint(tx)
        if not self._due(position, last, now):
            return position > (last[0] if last else 0)
        await self._sign(tx, position, head, settled, now)
        return False

    async def _sign(self, tx: Tx, position: int, head: bytes, settled: Seen, now: datetime) -> None:
        checkpoint = chain.sign(self.key, position, head)
        id_ = await store.add_checkpoint(tx, checkpoint, settled, now)
        event = AUDIT_CHECKPOINTED[self.service](
            checkpoint=id_,
            position=position,
            head=head.hex(),
            signature=urlsafe_b64encode(checkpoint.signature).rstrip(b"=").decode(),
        )
        await announce(tx, event, now)

    def _due(self, position: int, last: tuple[int, datetime] | None, now: datetime) -> bool:
        if last is None:
            return position > 0
        return position > last[0] and (now - last[1] >= self.checkpoint_after or position - last[0] >= CHECKPOINT_ROWS)
