"""Every committed row is linked exactly once, in whatever order it is seen, and signed for in time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared import audit
from shared.audit import chainer, store
from tests.shared.logbook import (
    KEY,
    NOW,
    PATIENT,
    call,
    chained,
    chaining,
    findings,
    linked,
    look,
    published,
)

if TYPE_CHECKING:
    from tests.shared.conftest import Kept


async def test_a_row_committed_after_a_higher_number_is_linked_too(kept: Kept) -> None:
    linking = chaining(kept.db)
    await linking.catch_up()
    async with kept.db.transaction() as late:
        await audit.record(late, call(), "write", patient=PATIENT, range="late")
        await look(kept.db, 2)
        await linking.catch_up()
        assert await linked(kept.db) == [2, 3]
    await linking.catch_up()
    assert await linked(kept.db) == [2, 3, 1]
    assert await findings(kept.db, await published(kept.db), NOW + timedelta(minutes=1)) == []


async def test_a_transaction_rolled_back_leaves_no_hole_in_the_chain(kept: Kept) -> None:
    await look(kept.db)
    with suppress(ZeroDivisionError):
        async with kept.db.transaction() as tx:
            await audit.record(tx, call(), "read", patient=PATIENT)
            raise ZeroDivisionError
    await look(kept.db)
    linking = chaining(kept.db)
    await linking.catch_up()
    assert await linked(kept.db) == [1, 3]
    assert linking.settled is not None
    assert linking.settled > store.NOTHING


async def test_several_processes_link_every_row_once_while_traffic_flows(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chainer, "BATCH", 10)
    monkeypatch.setattr(chainer, "EVERY_SECONDS", 0.001)
    stop = asyncio.Event()
    linking = [asyncio.create_task(chaining(kept.db).run(stop)) for _ in range(3)]

    async def request(number: int) -> None:
        async with kept.db.transaction() as tx:
            await audit.record(tx, call(), "read", patient=PATIENT)
            await asyncio.sleep(number * 7 % 10 / 1000)
            if number == 4:
                raise ZeroDivisionError

    for _ in range(20):
        await asyncio.gather(*(request(number) for number in range(10)), return_exceptions=True)
    stop.set()
    await asyncio.gather(*linking)
    async with kept.db.transaction() as tx:
        committed = [row["id"] for row in await tx.fetch("SELECT id FROM audit ORDER BY id")]
    assert (len(committed), committed) == (180, sorted(await linked(kept.db)))
    assert await findings(kept.db, await published(kept.db), NOW + timedelta(hours=1)) == []


async def test_only_one_process_links_at_a_time(kept: Kept) -> None:
    await look(kept.db)
    async with kept.db.transaction() as tx:
        assert await store.lock_chain(tx) is not None
        assert await chaining(kept.db).link_batch() == 0
    assert await chaining(kept.db).link_batch() == 1


async def test_a_process_starting_anew_reads_only_what_is_new(kept: Kept) -> None:
    await chained(kept)
    starting = chaining(kept.db)
    await starting.link_batch()
    async with kept.db.transaction() as tx:
        settled = await store.settled(tx)
    assert settled > store.NOTHING
    assert starting.settled is not None
    assert starting.settled >= settled
    await look(kept.db)
    assert await starting.link_batch() == 1


async def test_a_log_brought_to_another_server_is_read_from_the_start(kept: Kept) -> None:
    await chained(kept)
    await kept.tamper("UPDATE audit_checkpoint SET server = 1, settled = '9000000000'")
    await look(kept.db)
    assert await chaining(kept.db).link_batch() == 1


async def test_checkpoints_come_when_a_minute_has_passed_and_the_chain_has_moved(kept: Kept) -> None:
    now = NOW
    linking = audit.Chainer(db=kept.db, service="messaging", key=KEY, clock=lambda: now)
    await linking.catch_up()
    assert await published(kept.db) == []
    await look(kept.db)
    await linking.catch_up()
    await look(kept.db)
    now += timedelta(seconds=59)
    await linking.catch_up()
    assert [checkpoint.position for checkpoint in await published(kept.db)] == [1]
    now += timedelta(seconds=1)
    await linking.catch_up()
    now += timedelta(hours=1)
    await linking.catch_up()
    assert [checkpoint.position for checkpoint in await published(kept.db)] == [1, 2]


async def test_under_load_checkpoints_come_by_number(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainer, "CHECKPOINT_ROWS", 5)
    await look(kept.db)
    linking = chaining(kept.db)
    await linking.catch_up()
    await look(kept.db, 5)
    await linking.catch_up()
    assert [checkpoint.position for checkpoint in await published(kept.db)] == [1, 6]
