"""The relay: carries committed events from the outbox to the stream, in order for each entity, each once.

Any number of relays may run on one database. The oldest unpublished row of an entity is locked while it is published,
and younger rows of the entity wait for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from nats.errors import BadSubjectError, MaxPayloadError
from nats.js.errors import APIError, ServiceUnavailableError

from baton_events import envelope
from shared import background, logs
from shared.crash import CrashPoint, reach
from shared.inbox.provision import STREAM
from shared.outbox import store, stream
from shared.telemetry import metrics

if TYPE_CHECKING:
    from asyncpg import Record
    from nats.aio.client import Client
    from nats.js import JetStreamContext

    from shared.database import Database, Tx

PUBLISH_SECONDS = 5.0
LONGEST_PUT_OFF = 30.0
CLOCKS_APART = timedelta(minutes=5)

REFUSED = logs.event("relay.refused", "type", "code", "attempts")


@dataclass(frozen=True)
class Round:
    """What one round did: rows found, published now, and already in the stream."""

    found: int = 0
    published: int = 0
    duplicates: int = 0


@dataclass
class Relay:
    """Publishes the outbox of one database."""

    db: Database
    nats: Client
    js: JetStreamContext
    batch: int = 64
    poll: float = 1.0
    duplicate_window: float = 600.0
    service: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a database or stream out of reach is waited for."""
        await background.repeat("relay", self._step, stop, wake=self.db.announced)

    async def _step(self) -> float:
        return 0.0 if (await self.round()).found else self.poll

    async def flush(self, seconds: float) -> bool:
        """Publish what is waiting, for at most so long; tells whether nothing publishable was left."""
        try:
            async with asyncio.timeout(seconds):
                while (await self.round()).found:
                    pass
        except background.OUT_OF_REACH:
            return False
        return True

    async def round(self) -> Round:
        """Publish the oldest waiting event of up to `batch` entities; raises when the stream is out of reach."""
        async with self.db.transaction() as tx:
            rows = await store.take(tx, self.batch, self.duplicate_window / 2)
            if not rows:
                return Round()
            reach(CrashPoint.RELAY_TAKEN)
            answers = await asyncio.gather(*map(self._publish, rows), return_exceptions=True)
            reach(CrashPoint.RELAY_PUBLISHED)
            done = [(row, answer) for row, answer in zip(rows, answers, strict=True) if isinstance(answer, tuple)]
            if done:
                await store.mark_published(tx, [row["id"] for row, _ in done], [place for _, (place, _) in done])
            refused = [(row, answer) for row, answer in zip(rows, answers, strict=True) if _refused(answer)]
            if refused:
                await _put_off(tx, refused)
        reach(CrashPoint.RELAY_MARKED)
        duplicates = sum(again for _, (_, again) in done)
        metrics.PUBLISHED.labels(self.service).inc(len(done) - duplicates)
        metrics.DUPLICATES.labels(self.service).inc(duplicates)
        for answer in answers:
            if isinstance(answer, BaseException) and not _refused(answer):
                raise answer
        return Round(len(rows), len(done) - duplicates, duplicates)

    async def _publish(self, row: Record) -> tuple[int, bool]:
        """The event's place in the stream, and whether it was there already."""
        subject = store.subject_of(row["type"], row["patient"])
        if row["long_ago"]:
            place = await stream.place_of(self.nats, subject, row["event"], row["added_at"] - CLOCKS_APART)
            if place is not None:
                return place, True
        headers = {"Nats-Msg-Id": str(row["event"])}
        if row["traceparent"]:
            headers["traceparent"] = row["traceparent"]
        body = envelope.render(
            id=row["event"],
            type=row["type"],
            entity=row["entity"],
            sequence=row["sequence"],
            time=row["time"],
            data=row["data"],
            traceparent=row["traceparent"],
        )
        stored = await self.js.publish(subject, body, timeout=PUBLISH_SECONDS, stream=STREAM, headers=headers)
        return stored.seq, bool(stored.duplicate)


def _refused(answer: tuple[int, bool] | BaseException) -> bool:
    """This one event cannot be published, as against the stream being out of reach for all."""
    if isinstance(answer, (MaxPayloadError, BadSubjectError)):
        return True
    if isinstance(answer, APIError):
        return not isinstance(answer, ServiceUnavailableError)
    return isinstance(answer, Exception) and not isinstance(answer, background.OUT_OF_REACH)


async def _put_off(tx: Tx, refused: list[tuple[Record, tuple[int, bool] | BaseException]]) -> None:
    for row, answer in refused:
        assert isinstance(answer, Exception)
        code = getattr(answer, "err_code", None)
        REFUSED.error(error=answer, type=row["type"], code=code, attempts=row["attempts"] + 1)
    seconds = [min(LONGEST_PUT_OFF, 0.5 * 2.0 ** row["attempts"]) for row, _ in refused]
    await store.put_off(tx, [row["id"] for row, _ in refused], seconds)
