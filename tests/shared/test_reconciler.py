"""The reconciler: what a broker acknowledged and lost is published again; what is old is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.booking import VideoRequested
from shared.outbox import announce
from shared.outbox.reconcile import Reconciler
from shared.outbox.relay import Relay
from tests.support.clinic import MAY_1, PATIENT, at_work, requested

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack


async def reconciler(s: Stack) -> Reconciler:
    return Reconciler(await s.db("booking"), (await s.bus("booking")).nats, "booking")


async def tell(s: Stack, *entities: UUID, patient: UUID = PATIENT) -> None:
    for entity in entities:
        async with (await s.db("booking")).transaction() as tx:
            await announce(tx, requested(entity, patient), MAY_1)
    await s.quiet()


async def lose(s: Stack, entity: UUID) -> None:
    """Take an event out of the stream as a power cut does, ids of its duplicate window included."""
    js = s.stream.client.jetstream()
    place = next(one.stream_sequence for one in await s.events(VideoRequested) if one.event.video == entity)
    await js.delete_msg("CARE", place)
    await s.bus("booking")
    s.servers.broker.stop()
    await s.servers.ready()


async def stored(s: Stack) -> list[UUID]:
    return [one.event.video for one in await s.events(VideoRequested)]


async def test_events_the_broker_lost_are_published_again_and_no_others(stack: Open) -> None:
    async with at_work(stack, reconcile_seconds="3600") as s:
        kept, lost = [uuid4(), uuid4()], uuid4()
        await tell(s, kept[0], lost, kept[1])
        at_rest = await reconciler(s)
        assert await at_rest.compare() == 0
        await lose(s, lost)
        await s.until(s.connected)
        assert await at_rest.compare() == 1
        await s.quiet()
        assert await stored(s) == [*kept, lost]
        assert await at_rest.compare() == 0


async def test_only_what_is_new_is_compared_until_the_connection_was_lost(stack: Open) -> None:
    async with at_work(stack, reconcile_seconds="3600") as s:
        old, new = uuid4(), uuid4()
        await tell(s, old)
        at_rest = await reconciler(s)
        await at_rest.compare()
        await s.fetch("booking", "UPDATE outbox SET published_at = published_at - interval '10 minutes'")
        js = s.stream.client.jetstream()
        [lost] = await s.events(VideoRequested)
        await js.delete_msg("CARE", lost.stream_sequence)
        await tell(s, new)
        assert await at_rest.compare() == 0
        s.servers.broker.kill()
        await s.servers.ready()
        await s.until(s.connected)
        assert await at_rest.compare() == 1


async def test_where_something_is_missing_all_that_is_kept_is_compared(stack: Open) -> None:
    async with at_work(stack, reconcile_seconds="3600") as s:
        older, new = uuid4(), uuid4()
        await tell(s, older)
        await s.fetch("booking", "UPDATE outbox SET published_at = published_at - interval '5 days'")
        await tell(s, new)
        js = s.stream.client.jetstream()
        await js.purge_stream("CARE")
        assert await (await reconciler(s)).compare() == 2


async def test_what_was_erased_on_purpose_stays_erased(stack: Open) -> None:
    async with at_work(stack, reconcile_seconds="3600") as s:
        patient = uuid4()
        await tell(s, uuid4(), patient=patient)
        await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", patient)
        await s.stream.client.jetstream().purge_stream("CARE", subject=f"care.*.v1.*.*.{patient}")
        assert await (await reconciler(s)).compare() == 0


async def test_the_service_does_all_this_by_itself(stack: Open) -> None:
    async with at_work(stack, reconcile_seconds="0.2") as s:
        entity = uuid4()
        await tell(s, entity)
        await lose(s, entity)
        await s.until(lambda: s.events(VideoRequested), 15)
        assert await stored(s) == [entity]


async def test_rows_are_forgotten_when_they_are_old_and_not_before(stack: Open) -> None:
    async with at_work(stack, reconcile_seconds="3600") as s:
        old, new = uuid4(), uuid4()
        await tell(s, old, new)
        await s.stop("booking")
        db = await s.db("booking")
        relay = Relay(db, (await s.bus("booking")).nats, (await s.bus("booking")).js)
        async with db.transaction() as tx:
            await announce(tx, requested(old), MAY_1)
        await s.fetch("booking", "UPDATE outbox SET published_at = now() - interval '15 days' WHERE entity = $1", old)
        await s.fetch("booking", "UPDATE outbox SET published_at = NULL WHERE entity = $1 AND sequence = 2", old)
        for age in ("13 days", "15 days", "91 days"):
            await s.fetch("booking", INBOX, uuid4(), age)
            await s.fetch("booking", REPEAT, age)
        await (await reconciler(s)).forget()
        assert await s.fetchval("booking", "SELECT count(*) FROM outbox") == 2
        assert await s.fetchval("booking", "SELECT count(*) FROM inbox") == 2
        assert await s.fetchval("booking", "SELECT count(*) FROM idempotency") == 1
        assert (await relay.round()).published == 1


INBOX = "INSERT INTO inbox (event, type, handled_at) VALUES ($1, 'care', now() - $2::text::interval)"
REPEAT = """
INSERT INTO idempotency (caller, operation, key, fingerprint, done, kept_at)
VALUES ('someone', 'svc', $1, '', '', now() - $1::text::interval)
"""
