"""The relay: carries committed events from the outbox to the stream, in order for each entity, each once.

Any number of relays may run on one database. The oldest unpublished rows of an entity are locked while they are
published one after another, and younger rows of the entity wait for them.
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


@dataclass(frozen=True)
class Tried:
    """One row with its place in the stream and whether it was there already, or with what stood in the way."""

    row: Record
    place: int = 0
    again: bool = False
    error: Exception | None = None


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
        """Publish up to `batch` waiting events, those of an entity one after another; raises when out of reach."""
        async with self.db.transaction() as tx:
            runs = await store.take(tx, self.batch, self.duplicate_window / 2)
            if not runs:
                return Round()
            reach(CrashPoint.RELAY_TAKEN)
            tried = [one for run in await asyncio.gather(*map(self._publish_run, runs)) for one in run]
            reach(CrashPoint.RELAY_PUBLISHED)
            done = [one for one in tried if one.error is None]
            if done:
                await store.mark_published(tx, [one.row["id"] for one in done], [one.place for one in done])
            refused = [one for one in tried if _is_refusal(one.error)]
            if refused:
                await _put_off(tx, refused)
        reach(CrashPoint.RELAY_MARKED)
        duplicates = sum(one.again for one in done)
        metrics.PUBLISHED.labels(self.service).inc(len(done) - duplicates)
        metrics.DUPLICATES.labels(self.service).inc(duplicates)
        for one in tried:
            if one.error is not None and not _is_refusal(one.error):
                raise one.error
        return Round(len(tried), len(done) - duplicates, duplicates)

    async def _publish_run(self, run: list[Record]) -> list[Tried]:
        """Publish an entity's events in order, up to the first that cannot be."""
        tried: list[Tried] = []
        for row in run:
            try:
                place, again = await self._publish(row)
            except Exception as error:  # noqa: BLE001 - whatever it was, later events of the entity wait for this one
                return [*tried, Tried(row, error=error)]
            tried.append(Tried(row, place, again))
        return tried

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


def _is_refusal(error: Exception | None) -> bool:
    """This one event cannot be published, as against the stream being out of reach for all."""
    if isinstance(error, (MaxPayloadError, BadSubjectError)):
        return True
    if isinstance(error, APIError):
        return not isinstance(error, ServiceUnavailableError)
    return error is not None and not isinstance(error, background.OUT_OF_REACH)


async def _put_off(tx: Tx, refused: list[Tried]) -> None:
    for one in refused:
        assert one.error is not None
        code = getattr(one.error, "err_code", None)
        REFUSED.error(error=one.error, type=one.row["type"], code=code, attempts=one.row["attempts"] + 1)
    seconds = [min(LONGEST_PUT_OFF, 0.5 * 2.0 ** min(one.row["attempts"], 10)) for one in refused]
    await store.put_off(tx, [one.row["id"] for one in refused], seconds)
