"""Dead letters: what ops can do about an event that was set aside: look, have it handled again, or discard it.

A replay is asked for in the row; the running service handles the event with its own reactions and settles the row in
the transaction of that work.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import ServiceName
from baton_events.common import DEAD_LETTER_DISCARDED, DEAD_LETTER_REPLAYED
from shared import background, logs
from shared.database import DatabaseUnavailable
from shared.errors import Conflict, NotFound
from shared.inbox import store
from shared.inbox.handle import Arrival, code_of, read
from shared.outbox import announce
from shared.telemetry import trace

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.app import Ground
    from shared.database import Database, Tx
    from shared.inbox.handle import Reactions
    from shared.inbox.store import DeadLetter, State

POLL_SECONDS = 2.0
NEVER_AN_EVENT = "not-an-event"

REPLAYED = logs.event("dead-letter.replayed", "dead_letter", "type")
REFUSED_AGAIN = logs.event("dead-letter.refused-again", "dead_letter", "type", "code")


class NoSuchLetter(NotFound):
    """There is no open dead letter of this id. List them and choose one."""

    code = "no-such-dead-letter"


class NotReplayable(Conflict):
    """This message was never an event of the contract, so no replay can succeed. Discard it."""

    code = "not-replayable"


async def list_open(db: Database) -> list[DeadLetter]:
    """What waits for ops, oldest first."""
    async with db.transaction() as tx:
        return await store.list_open(tx)


async def ask_replay(db: Database, letter: UUID, now: datetime) -> None:
    """Have the running service handle the event again; raises NoSuchLetter or NotReplayable."""
    async with db.transaction() as tx:
        refusal = await store.ask_replay(tx, letter, now)
        if refusal is None:
            raise NoSuchLetter
        if refusal == NEVER_AN_EVENT:
            raise NotReplayable


async def replayed(db: Database, letter: UUID, seconds: float) -> State:
    """Wait until the replay asked for is done or refused again, or the time is over; gives where it stands."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        async with db.transaction() as tx:
            state = await store.state(tx, letter)
        if state is None:
            raise NoSuchLetter
        if state.replay_asked_at is None or state.settled_at or asyncio.get_running_loop().time() > end:
            return state
        await asyncio.sleep(0.1)


async def discard(db: Database, service: str, letter: UUID, now: datetime) -> None:
    """Settle the letter without handling the event, and say so; raises NoSuchLetter."""
    async with db.transaction() as tx:
        event = await store.settle(tx, letter, now, "discarded")
        if event is None:
            raise NoSuchLetter
        await announce(tx, DEAD_LETTER_DISCARDED[ServiceName(service)](dead_letter=letter, event=event), now)


@dataclass
class Replaying:
    """Handles again what ops asked for."""

    ground: Ground
    reactions: Reactions

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        await background.repeat("replay", self._step, stop)

    async def _step(self) -> float:
        return 0.0 if await self.replay_one() else POLL_SECONDS

    async def replay_one(self) -> bool:
        """Replay the first letter asked for; tells whether there was one."""
        async with self.ground.db.transaction() as tx:
            letter = await store.replay_asked(tx)
        if letter is None:
            return False
        try:
            await self._replay(letter)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the work raises is its refusal
            REFUSED_AGAIN.warning(error=error, dead_letter=letter.id, type=letter.type, code=code_of(error))
            async with self.ground.db.transaction() as tx:
                await store.refuse_replay(tx, letter.id, code_of(error))
        else:
            REPLAYED.info(dead_letter=letter.id, type=letter.type)
        return True

    async def _replay(self, letter: DeadLetter) -> None:
        arrival = Arrival(subject=letter.subject, body=letter.envelope, stream_sequence=letter.stream_sequence)
        envelope, received = read(arrival)
        with trace.following(envelope.traceparent):
            prepared = await self.reactions.prepare(received)
            async with self.ground.db.transaction() as tx:
                await self.reactions.apply(tx, received, prepared)
                await self._settle(tx, letter)

    async def _settle(self, tx: Tx, letter: DeadLetter) -> None:
        now, service = self.ground.clock(), ServiceName(self.ground.bus.service)
        if await store.settle(tx, letter.id, now, "replayed") is not None:
            await announce(tx, DEAD_LETTER_REPLAYED[service](dead_letter=letter.id, event=letter.event), now)
