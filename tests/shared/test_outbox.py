"""Announcing: an event is there if and only if its transaction is."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.booking import VideoLeft, VideoRequested
from shared.outbox import announce, announce_all
from tests.support.clinic import MAY_1, PATIENT, at_work, note, requested

if TYPE_CHECKING:
    from tests.support.stack import Open


class Undone(Exception):
    pass


async def test_a_rolled_back_transaction_publishes_nothing(stack: Open) -> None:
    async with at_work(stack) as s:
        db = await s.db("booking")
        with suppress(Undone):
            async with db.transaction() as tx:
                await note(tx, "undone", uuid4())
                await announce(tx, requested(uuid4()), MAY_1)
                raise Undone
        assert not db.announced.is_set()
        kept = uuid4()
        async with db.transaction() as tx:
            await announce(tx, requested(kept), MAY_1)
        await s.quiet()
        assert [one.event.video for one in await s.events(VideoRequested)] == [kept]


async def test_events_of_an_entity_are_counted_without_gaps_however_many_write_at_once(stack: Open) -> None:
    async with at_work(stack) as s:
        db, entities = await s.db("booking"), [uuid4() for _ in range(3)]

        async def tell(nth: int) -> None:
            async with db.transaction() as tx:
                await announce(tx, requested(entities[nth % 3]), MAY_1)

        await asyncio.gather(*(tell(nth) for nth in range(60)))
        await s.quiet()
        for entity in entities:
            counted = [one.sequence for one in await s.events(VideoRequested) if one.event.video == entity]
            assert counted == list(range(1, 21))


async def test_events_told_together_keep_their_order(stack: Open) -> None:
    async with at_work(stack) as s:
        one, other = uuid4(), uuid4()
        async with (await s.db("booking")).transaction() as tx:
            await announce(tx, requested(one), MAY_1)
            events = [requested(one), requested(other), VideoLeft(video=one, patient=PATIENT)]
            ids = await announce_all(tx, events, MAY_1)
        await s.quiet()
        told = [(envelope.id, envelope.subject, int(envelope.sequence)) for _, envelope in await s.stream.envelopes()]
        assert {entry for entry in told if entry[0] in ids} == {(ids[0], one, 2), (ids[1], other, 1), (ids[2], one, 3)}
        assert [sequence for _, subject, sequence in told if subject == one] == [1, 2, 3]
        assert Counter(id_ for id_, _, _ in told).most_common(1)[0][1] == 1
