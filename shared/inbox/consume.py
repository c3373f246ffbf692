"""The inbox loop: pulls a service's events, has each handled, and answers for it after the commit.

Events of one patient are handled one after another, different patients at once; what has come to wait shares a
transaction. A message that is no event goes to
ops at once; an event that the work refuses comes again with growing pauses and goes to ops after a few attempts. While
the database or another service is out of reach the loop waits, and nothing is counted.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import asyncpg

from baton_events.codes import ServiceName
from baton_events.common import DEAD_LETTER_RECORDED
from baton_events.envelope import NotAnEvent
from baton_events.pull import Pull
from shared import background, logs
from shared.crash import CrashPoint, reach
from shared.database import DatabaseUnavailable
from shared.errors import TooMany, Unavailable
from shared.inbox import store
from shared.inbox.handle import Arrival, Reactions, code_of, read
from shared.inbox.provision import STREAM
from shared.outbox import announce
from shared.telemetry import metrics

if TYPE_CHECKING:
    from baton_events.pull import Delivery
    from shared.app import Ground

REPAIR_WITHIN = timedelta(hours=1)
LONGEST_PUT_OFF = 60.0
WORKING_SECONDS = 10.0
"""Well within the consumer's ack wait."""

REFUSED = logs.event("inbox.refused", "type", "event_id", "attempts", "code")
SET_ASIDE = logs.event("inbox.set-aside", "type", "event_id", "dead_letter", "code")
WAITING = logs.event("inbox.waiting", "pause")
NOT_NOW = logs.event("inbox.not-now", "type")

RETRIED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
NOT_WORKING = (asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError)


@dataclass
class Inbox:
    """Consumes one service's durable consumer."""

    ground: Ground
    reactions: Reactions
    slots: int = 8
    batch: int = 64
    together: int = 16
    attempts: int = 5
    put_off: float = 1.0
    _lanes: list[asyncio.Queue[Delivery | None]] = field(default_factory=list)
    _taken: dict[str, Delivery] = field(default_factory=dict)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(64))

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; what is under way is finished, what is not yet begun is given back."""
        bus = self.ground.bus
        self._lanes = [asyncio.Queue() for _ in range(self.slots)]
        self._room = asyncio.Semaphore(self.batch)
        async with Pull(bus.nats, STREAM, bus.service, batch=self.batch) as pull, asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._work(lane, stop))
            beside = [group.create_task(_when(stop, pull)), group.create_task(self._say_working())]
            async for delivery in pull:
                await self._room.acquire()
                self._taken[delivery.reply] = delivery
                self._lanes[self._lane_of(delivery.subject)].put_nowait(delivery)
            for lane in self._lanes:
                lane.put_nowait(None)
            for task in beside:
                task.cancel()

    def _lane_of(self, subject: str) -> int:
        """Events of one patient share a lane."""
        return zlib.crc32(subject.rpartition(".")[2].encode()) % self.slots

    async def _work(self, lane: asyncio.Queue[Delivery | None], stop: asyncio.Event) -> None:
        ended = False
        while not ended and (first := await lane.get()) is not None:
            waiting = [first]
            while len(waiting) < self.together and not lane.empty():
                following = lane.get_nowait()
                if following is None:
                    ended = True
                    break
                waiting.append(following)
            await self._take_all(waiting, stop)

    async def _take_all(self, waiting: list[Delivery], stop: asyncio.Event) -> None:
        """What waits in a lane, in one transaction where that can be; where one broke it, each in one of its own."""
        try:
            if not stop.is_set() and await self._together(waiting):
                return
            while waiting:
                if stop.is_set():
                    await waiting[0].nak()
                else:
                    await self.take(waiting[0], stop)
                self._leave(waiting.pop(0))
        finally:
            for delivery in waiting:
                self._leave(delivery)

    def _leave(self, delivery: Delivery) -> None:
        """It has been answered for, and makes room."""
        del self._taken[delivery.reply]
        self._room.release()

    async def _together(self, waiting: list[Delivery]) -> bool:
        """Have all handled in one transaction and answer for them; False when nothing was done about any."""
        arrivals = [_arrival(delivery) for delivery in waiting]
        types = {arrival.subject.rpartition(".")[0] for arrival in arrivals}
        if len(waiting) == 1 or any(delivery.attempt > 1 for delivery in waiting):
            return False
        if not all(self.reactions.needs_nothing(event_type) for event_type in types):
            return False
        reach(CrashPoint.INBOX_RECEIVED, self.ground.bus.service)
        try:
            handled = await self.reactions.handle_together(arrivals)
        except Exception:  # noqa: BLE001 - whose it was shows when each is handled alone
            return False
        reach(CrashPoint.INBOX_COMMITTED, self.ground.bus.service)
        for delivery, fresh in zip(waiting, handled, strict=True):
            metrics.handled(self.ground.bus.service, "handled" if fresh else "repeated")
            await delivery.ack()
        return True

    async def _say_working(self) -> None:
        """Have the stream deliver nothing again that waits here for its turn."""
        while True:
            await asyncio.sleep(WORKING_SECONDS)
            for reply in list(self._taken):
                if delivery := self._taken.get(reply):
                    await delivery.working()

    async def take(self, delivery: Delivery, stop: asyncio.Event) -> None:
        """Have one delivery handled and answer for it; while the database is away, wait here."""
        reach(CrashPoint.INBOX_RECEIVED, self.ground.bus.service)
        pause = 0.0
        while True:
            try:
                await self._handle(delivery)
            except (DatabaseUnavailable, *RETRIED, *NOT_WORKING) as error:
                if background.longer(pause) != pause:
                    pause = background.longer(pause)
                    WAITING.warning(error=error, pause=pause)
            else:
                return
            await background.first(stop.wait(), seconds=background.jittered(pause))
            if stop.is_set():
                return
            await delivery.working()

    async def _handle(self, delivery: Delivery) -> None:
        arrival = _arrival(delivery)
        event_type = arrival.subject.rpartition(".")[0]
        try:
            if delivery.attempt > 1 and await self._settled(arrival):
                await delivery.ack()
                return
            fresh = await self.reactions.handle(arrival, refused_before=delivery.attempt > 1)
        except DatabaseUnavailable:
            raise
        except (Unavailable, TooMany, TimeoutError, OSError) as error:
            NOT_NOW.info(type=event_type)
            metrics.handled(self.ground.bus.service, "put-off")
            pause = self._pause(delivery.attempt, getattr(error, "retry_after", None))
            await delivery.nak(background.jittered(pause))
        except (*RETRIED, *NOT_WORKING):
            raise
        except NotAnEvent as error:
            await self._set_aside(arrival, error, 1)
            await delivery.term(code_of(error))
        except Exception as error:  # noqa: BLE001 - whatever the work raises is its refusal
            await self._refused(delivery, arrival, error)
        else:
            reach(CrashPoint.INBOX_COMMITTED, self.ground.bus.service)
            metrics.handled(self.ground.bus.service, "handled" if fresh else "repeated")
            await delivery.ack()

    async def _settled(self, arrival: Arrival) -> bool:
        async with self.ground.db.transaction() as tx:
            return await store.is_settled(tx, _event_of(arrival))

    async def _refused(self, delivery: Delivery, arrival: Arrival, error: Exception) -> None:
        """Count the refusal; let it come again, or give it to ops when that was the last attempt."""
        event = _event_of(arrival)
        async with self.ground.db.transaction() as tx:
            attempts = await store.count_refusal(tx, event)
        REFUSED.warning(
            error=error,
            type=arrival.subject.rpartition(".")[0],
            event_id=event,
            attempts=attempts,
            code=code_of(error),
        )
        metrics.handled(self.ground.bus.service, "refused")
        if attempts < self.attempts:
            await delivery.nak(self._pause(attempts))
            return
        await self._set_aside(arrival, error, attempts)
        reach(CrashPoint.INBOX_DEAD_LETTERED, self.ground.bus.service)
        await delivery.term(code_of(error))

    def _pause(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds until it comes again, doubling: what waits for a service long away leaves room for all the rest."""
        return min(LONGEST_PUT_OFF, max(self.put_off, retry_after or 0.0) * 2.0 ** min(attempt - 1, 10))

    async def _set_aside(self, arrival: Arrival, error: Exception, attempts: int) -> None:
        """Keep the event for ops and open their handoff, in one transaction."""
        now, event = self.ground.clock(), _event_of(arrival)
        letter = store.DeadLetter(
            id=uuid4(),
            event=event,
            type=arrival.subject.rpartition(".")[0],
            subject=arrival.subject,
            stream_sequence=arrival.stream_sequence,
            envelope=arrival.body,
            refusal=code_of(error),
            attempts=attempts,
            recorded_at=now,
        )
        async with self.ground.db.transaction() as tx:
            if await store.set_aside(tx, letter):
                recorded = DEAD_LETTER_RECORDED[ServiceName(self.ground.bus.service)]
                due = now + REPAIR_WITHIN
                await announce(
                    tx, recorded(dead_letter=letter.id, event=event, repair_owner="team:ops", repair_due=due), now
                )
            await store.forget_refusals(tx, event)
        metrics.handled(self.ground.bus.service, "set-aside")
        SET_ASIDE.error(error=error, type=letter.type, event_id=event, dead_letter=letter.id, code=letter.refusal)


def _arrival(delivery: Delivery) -> Arrival:
    return Arrival(
        subject=delivery.subject,
        body=delivery.body,
        stream_sequence=delivery.stream_sequence,
        message_id=delivery.headers.get("Nats-Msg-Id", ""),
    )


def _event_of(arrival: Arrival) -> UUID:
    """The event's id; for what is no event, one made from its place in the stream."""
    try:
        return read(arrival)[1].id
    except NotAnEvent:
        return uuid5(NAMESPACE_URL, f"{STREAM}/{arrival.stream_sequence}")


async def _when(stop: asyncio.Event, pull: Pull) -> None:
    await stop.wait()
    pull.stop()
