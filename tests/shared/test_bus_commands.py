import asyncio
import io
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from shared import idempotency
from shared.errors import Conflict
from shared.requests import messaging
from tests.shared.conftest import Kept
from tests.shared.line import Line, told

THREAD = UUID(int=9)
BODY = f'{{"thread":"{THREAD}"}}'.encode()
OTHER = f'{{"thread":"{UUID(int=10)}"}}'.encode()


class Closed(Conflict):
    """The thread is closed. Open another."""

    code = "thread-closed"


@pytest.fixture
async def closing(line: Line, kept: Kept) -> Any:
    """A command that can be done once: it closes a thread, here a row of a table that every service has."""
    runs: list[Any] = []

    async def close(_: Any, call: Any, ask: messaging.OfThread) -> messaging.ThreadState:
        runs.append(call)
        async with kept.db.transaction() as tx:
            if await tx.fetchval("SELECT 1 FROM erased_patient WHERE patient = $1 FOR UPDATE", ask.thread):
                raise Closed
            await tx.execute(
                "INSERT INTO erased_patient VALUES ($1, now()) ON CONFLICT (patient) DO NOTHING", ask.thread
            )
            done = messaging.ThreadState(thread=ask.thread, sequence=len(runs), closed=True)
            await idempotency.keep(tx, call, done)
        return done

    await line.serve({messaging.CLOSE_THREAD: close}, db=kept.db)
    gateway = await line.bus("gateway")

    async def send(body: bytes = BODY, who: str = "ben-whitfield", key: str = "one") -> Any:
        return await gateway.nats.request(
            messaging.CLOSE_THREAD.subject, body, timeout=5, headers=line.headers(who, key, seconds=5)
        )

    send.runs = runs  # type: ignore[attr-defined]  # what the handler saw, for the tests to count
    return send


async def test_a_repeat_is_answered_as_before_and_not_done_again(closing: Any, kept: Kept) -> None:
    first, second = await closing(), await closing()
    assert first.headers is second.headers is None
    assert first.data == second.data
    async with kept.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM idempotency") == 1


async def test_the_same_key_for_another_request_is_refused(closing: Any) -> None:
    await closing()
    refused = told(await closing(OTHER))
    assert (refused["status"], refused["code"]) == (422, "idempotency-key-reused")


async def test_the_same_request_under_another_key_meets_the_state_left_behind(closing: Any) -> None:
    await closing()
    assert told(await closing(key="two"))["code"] == "thread-closed"


async def test_a_refused_command_can_be_sent_again_under_its_key(closing: Any, kept: Kept) -> None:
    await closing()
    assert told(await closing(key="two"))["code"] == "thread-closed"
    async with kept.db.transaction() as tx:
        await tx.execute("DELETE FROM erased_patient")
    assert (await closing(key="two")).headers is None


async def test_a_key_belongs_to_one_caller(closing: Any) -> None:
    await closing()
    assert told(await closing(who="amara-okafor"))["code"] == "thread-closed"


async def test_the_same_command_twenty_times_at_once_is_done_once_and_answered_alike(closing: Any, kept: Kept) -> None:
    answers = await asyncio.gather(*(closing() for _ in range(20)))
    assert [answer.headers for answer in answers] == [None] * 20
    assert len({answer.data for answer in answers}) == 1
    async with kept.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM erased_patient") == 1


async def test_the_request_itself_is_not_kept(closing: Any, kept: Kept) -> None:
    await closing()
    async with kept.db.transaction() as tx:
        row = await tx.fetchrow("SELECT * FROM idempotency")
    assert row is not None
    assert row["operation"] == "svc.messaging.close-thread"
    assert msgspec.json.decode(row["done"]) == {"thread": str(THREAD), "sequence": 1, "closed": True}
    assert BODY not in row["fingerprint"]
    assert len(row["fingerprint"]) == 32


async def test_a_command_that_forgets_to_keep_its_answer_is_found_out(
    line: Line, kept: Kept, lines: io.StringIO
) -> None:
    async def forgets(_: Any, __: Any, ask: messaging.OfThread) -> messaging.ThreadState:
        return messaging.ThreadState(thread=ask.thread, sequence=1, closed=True)

    await line.serve({messaging.CLOSE_THREAD: forgets}, db=kept.db)
    gateway = await line.bus("gateway")
    await gateway.call(
        messaging.CLOSE_THREAD,
        messaging.OfThread(thread=THREAD),
        behalf=line.call(messaging.CLOSE_THREAD, "ben-whitfield"),
        key=str(uuid4()),
    )
    assert '"operation":"svc.messaging.close-thread"' in lines.getvalue()
    assert '"event":"command.not-kept"' in lines.getvalue()


async def test_a_command_that_breaks_after_being_done_once_is_answered_from_then(line: Line, kept: Kept) -> None:
    runs: list[Any] = []

    async def breaks(_: Any, call: Any, ask: messaging.OfThread) -> messaging.ThreadState:
        runs.append(call)
        if len(runs) > 1:
            raise RuntimeError
        done = messaging.ThreadState(thread=ask.thread, sequence=1, closed=True)
        async with kept.db.transaction() as tx:
            await idempotency.keep(tx, call, done)
        return done

    await line.serve({messaging.CLOSE_THREAD: breaks}, db=kept.db)
    gateway = await line.bus("gateway")
    behalf = line.call(messaging.CLOSE_THREAD, "ben-whitfield")
    answers = [
        await gateway.call(messaging.CLOSE_THREAD, messaging.OfThread(thread=THREAD), behalf=behalf, key="one")
        for _ in range(2)
    ]
    assert answers[0] == answers[1]


async def test_without_its_database_a_command_is_refused_to_be_sent_again(closing: Any, kept: Kept) -> None:
    kept.db.pool.terminate()
    refused = told(await closing())
    assert (refused["status"], refused["code"], refused["retry_after"]) == (503, "records-unavailable", 1)
