"""The relay: in order for each entity, once each, whatever is down meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.booking import VideoRequested
from shared import database
from shared.bus import Bus
from shared.database import Database
from shared.outbox import announce, store
from shared.outbox.relay import Relay
from shared.settings import Settings
from tests.support.clinic import MAY_1, PATIENT, at_work, requested

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

SWELL = """
UPDATE outbox SET data = data || convert_to(repeat(' ', $2), 'UTF8') WHERE entity = $1 AND sequence = 1
"""
SHRINK = "UPDATE outbox SET next_at = now(), data = convert_to(trim(convert_from(data, 'UTF8')), 'UTF8')"
LONG_AGO = "UPDATE outbox SET published_at = NULL, stream_sequence = NULL, added_at = now() - interval '1 hour'"


async def another_relay(s: Stack, leaving: AsyncExitStack) -> Relay:
    """A relay with connections of its own, as another instance of the service has."""
    own, keys = s.servers.postgres.urls("booking")
    variables = s.servers.surroundings.environment("booking", s.servers.broker.url, own, keys)
    settings = Settings.from_environment({**variables, "BATON_SERVICE": "booking"})
    bus = await Bus.connect(settings, closed=lambda: None)
    leaving.push_async_callback(bus.close)
    db = await Database.connect(own, size=2)
    leaving.push_async_callback(db.close)
    return Relay(db, bus.nats, bus.js, poll=0.1, service="booking")


async def tell(s: Stack, entity: UUID, times: int, patient: UUID = PATIENT) -> None:
    db = await s.db("booking")
    for _ in range(times):
        async with db.transaction() as tx:
            await announce(tx, requested(entity, patient), MAY_1)


async def stored(s: Stack) -> list[tuple[UUID, int]]:
    return [(one.event.video, one.sequence) for one in await s.events(VideoRequested)]


async def test_order_holds_with_three_relays_and_a_broker_killed_in_between(stack: Open) -> None:
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        stop = asyncio.Event()
        others = [asyncio.create_task((await another_relay(s, leaving)).run(stop)) for _ in range(2)]
        entities = [uuid4() for _ in range(6)]
        telling = [asyncio.create_task(tell(s, entity, 40)) for entity in entities]
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) > 40 FROM outbox WHERE published_at IS NOT NULL"))
        s.servers.broker.kill()
        await asyncio.gather(*telling)
        assert await s.fetchval("booking", "SELECT count(*) FROM outbox WHERE published_at IS NULL")
        await s.servers.ready()
        await s.quiet(30)
        stop.set()
        await asyncio.gather(*others)
        found = await stored(s)
        for entity in entities:
            assert [sequence for video, sequence in found if video == entity] == list(range(1, 41))


async def test_relays_share_the_work_without_publishing_twice(stack: Open) -> None:
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        relays = [await another_relay(s, leaving) for _ in range(3)]
        await s.stop("booking")
        await asyncio.gather(*(tell(s, uuid4(), 5) for _ in range(30)))
        while any(done.found for done in await asyncio.gather(*(relay.round() for relay in relays))):
            pass
        published = await s.fetchval("booking", "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL")
        stored_ids = Counter(envelope.id for _, envelope in await s.stream.envelopes("care.booking.v1.video.>"))
        assert published == len(stored_ids) == 150
        assert set(stored_ids.values()) == {1}


async def test_a_younger_event_waits_for_the_older_one_of_its_entity(stack: Open) -> None:
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        relay = await another_relay(s, leaving)
        await s.stop("booking")
        held, free = uuid4(), uuid4()
        await tell(s, held, 2)
        await tell(s, free, 1)
        await s.fetch("booking", "UPDATE outbox SET next_at = 'infinity' WHERE entity = $1 AND sequence = 1", held)
        while (await relay.round()).found:
            pass
        assert await stored(s) == [(free, 1)]
        await s.fetch("booking", "UPDATE outbox SET next_at = now() WHERE entity = $1", held)
        while (await relay.round()).found:
            pass
        assert await stored(s) == [(free, 1), (held, 1), (held, 2)]


async def test_a_long_line_behind_an_event_that_waits_hides_nobody_else(stack: Open) -> None:
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        relay = await another_relay(s, leaving)
        await s.stop("booking")
        held, free = uuid4(), uuid4()
        await tell(s, held, relay.batch + 6)
        await tell(s, free, 1)
        await s.fetch("booking", "UPDATE outbox SET next_at = 'infinity' WHERE entity = $1 AND sequence = 1", held)
        await relay.round()
        assert await stored(s) == [(free, 1)]


async def test_a_relay_that_hangs_does_not_keep_for_ever_what_it_took(
    stack: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ABANDONED_AFTER", "300ms")
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        hung, relay = await another_relay(s, leaving), await another_relay(s, leaving)
        await s.stop("booking")
        entity = uuid4()
        await tell(s, entity, 2)

        async def published() -> bool:
            return bool((await relay.round()).published)

        async def hang() -> None:
            async with hung.db.transaction() as tx:
                assert await store.take(tx, 64, 300.0)
                assert not await published()
                await s.until(published)
                await store.mark_published(tx, [1], [1])

        with pytest.raises(database.DatabaseUnavailable):
            await hang()
        await hung.round()
        assert await stored(s) == [(entity, 1), (entity, 2)]


async def test_a_row_older_than_the_duplicate_window_is_looked_for_before_it_is_published_again(stack: Open) -> None:
    async with at_work(stack, duplicate_window=0.1) as s, AsyncExitStack() as leaving:
        relay = await another_relay(s, leaving)
        await s.stop("booking")
        entity = uuid4()
        await tell(s, entity, 1)
        await relay.round()
        before = await s.stream.envelopes("care.booking.v1.video.>")
        await asyncio.sleep(0.3)
        await s.fetch("booking", LONG_AGO)
        done = await relay.round()
        assert (done.published, done.duplicates) == (0, 1)
        assert await s.stream.envelopes("care.booking.v1.video.>") == before
        assert await s.fetchval("booking", "SELECT stream_sequence FROM outbox") == before[0][0]


async def test_a_row_older_than_the_duplicate_window_that_never_arrived_is_published(stack: Open) -> None:
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        relay = await another_relay(s, leaving)
        await s.stop("booking")
        entity = uuid4()
        await tell(s, entity, 2)
        await s.fetch("booking", LONG_AGO)
        while (await relay.round()).found:
            pass
        assert await stored(s) == [(entity, 1), (entity, 2)]


@pytest.mark.parametrize("size", [4_000, 2_000_000], ids=["too large for the stream", "too large for the connection"])
async def test_an_event_that_cannot_be_published_holds_up_nobody_else(stack: Open, size: int) -> None:
    async with at_work(stack) as s, AsyncExitStack() as leaving:
        relay = await another_relay(s, leaving)
        await s.stop("booking")
        refused, fine = uuid4(), uuid4()
        await tell(s, refused, 2)
        await tell(s, fine, 1)
        large = (
            "UPDATE outbox SET data = data || convert_to(repeat(' ', 4000), 'UTF8') WHERE entity = $1 AND sequence = 1"
        )
        await s.fetch("booking", large, refused)
        await s.reshape(max_msg_size=3000)
        while (await relay.round()).found:
            pass
        assert await stored(s) == [(fine, 1)]
        await s.reshape(max_msg_size=-1)
        await s.fetch("booking", SHRINK)
        while (await relay.round()).found:
            pass
        assert await stored(s) == [(fine, 1), (refused, 1), (refused, 2)]


async def test_events_of_an_erased_patient_stay_where_they_are(stack: Open) -> None:
    async with at_work(stack) as s:
        erased, entity = uuid4(), uuid4()
        await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", erased)
        await tell(s, uuid4(), 1, patient=erased)
        await tell(s, entity, 1)
        await s.until(lambda: s.events(VideoRequested))
        assert await stored(s) == [(entity, 1)]
