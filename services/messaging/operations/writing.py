"""Let the other side know that somebody is writing; said in passing, kept nowhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from cachetools import LRUCache
from nats.errors import Error as NatsError

from services.messaging.model.threads import ThreadIsClosed
from services.messaging.operations.party import admit, side, vouch
from services.messaging.store import threads as store
from shared.passing import SomebodyWrites, writing_subject
from shared.requests.conversation import Writing

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.messaging import OfThread

EVERY = timedelta(seconds=2)
"""A person's writing is passed on no more often than this, in whatever thread; a longer silence means they stopped."""


@dataclass(frozen=True)
class Said:
    """When people were last said to be writing: the newest ten thousand, in memory."""

    last: LRUCache[UUID, datetime] = field(default_factory=lambda: LRUCache(maxsize=10_000))

    def again_at(self, person: UUID, now: datetime) -> datetime:
        """From when on it may be said of the person."""
        last = self.last.get(person)
        return now if last is None or now - last >= EVERY else last + EVERY


async def writing(ground: MessagingGround, call: Call, ask: OfThread) -> Writing:
    """Pass on that the caller is writing, if they may write there; raises NoSuchThread, ThreadIsClosed."""
    card = await ground.card(ask.thread)
    vouched = await vouch(ground, call, ask.thread)
    async with ground.db.reading() as tx:
        thread = admit(await store.look(tx, ask.thread), call, vouched=vouched)
    if thread.closed:
        raise ThreadIsClosed
    person = call.person.id
    again_at = ground.said.again_at(person, call.now)
    if again_at > call.now:
        return Writing(again_at=again_at)
    ground.said.last[person] = call.now
    said = SomebodyWrites(thread=card.id, person=person, party=side(call, vouched))
    with suppress(NatsError):
        await ground.bus.nats.publish(writing_subject(card.patient), msgspec.json.encode(said))
    return Writing(again_at=call.now + EVERY)
