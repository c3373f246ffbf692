"""What messaging's operations stand on beside the common ground."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING

from cachetools import LRUCache

from services.messaging.model.threads import NoSuchThread
from services.messaging.operations.post import Letter, post
from services.messaging.operations.writing import Said
from services.messaging.settings import MessagingSettings
from services.messaging.store import threads as store
from services.messaging.store.erasures import erase_all
from shared.app import Ground
from shared.emergency import heard
from shared.objects import Objects
from shared.sealing import GroupErased, PatientErased, erased_groups
from shared.together import Together

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.threads import ThreadCard
    from shared.requests.messaging import Sent
    from shared.sealing import GroupKeys


@dataclass(frozen=True, kw_only=True)
class MessagingGround(Ground):
    """`post` puts letters into their threads, several to a transaction; `cards` keeps what never changes.

    `objects` is where files rest; who works on a part of one holds one of `parts`. `said` is who was writing just now.
    """

    limits: MessagingSettings
    post: Together[Letter, Sent]
    objects: Objects
    parts: asyncio.Semaphore
    said: Said = field(default_factory=Said)
    cards: LRUCache[UUID, ThreadCard] = field(default_factory=lambda: LRUCache(maxsize=10_000))

    async def card(self, thread: UUID) -> ThreadCard:
        """What never changes about the thread; raises NoSuchThread."""
        card = self.cards.get(thread)
        if card is None:
            async with self.db.transaction() as tx:
                card = await store.card(tx, thread)
            if card is None:
                raise NoSuchThread
            self.cards[thread] = card
        return card

    async def keys(self, card: ThreadCard) -> GroupKeys:
        """The thread's keys; raises NoSuchThread once they are destroyed, also in data from an old backup."""
        try:
            return await self.sealing.keys(card.patient, card.id)
        except (PatientErased, GroupErased):
            raise NoSuchThread from None


async def stand(ground: Ground) -> MessagingGround:
    """Make messaging's ground of the common one; the rule that hears emergencies is built here, not in a request."""
    heard("", ground.practice.emergency)
    gone = await erased_groups(ground.sealing)
    async with ground.db.transaction() as tx:
        await erase_all(tx, gone, ground.clock())
    settings = ground.settings
    assert isinstance(settings, MessagingSettings)
    return MessagingGround(
        **{f.name: getattr(ground, f.name) for f in fields(Ground)},
        limits=settings,
        post=Together(partial(post, ground.db), most=settings.send_together, writers=settings.send_writers),
        objects=await asyncio.to_thread(Objects.at, settings.objects_url),
        parts=asyncio.Semaphore(settings.parts_at_once),
    )
