"""Telemetry: metrics without ids, health that tells what is missing, traces that continue."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp

from shared.deadlines import set_deadline
from shared.outbox import announce
from shared.telemetry import trace
from tests.support.clinic import MAY_1, Clinic, at_work, checked_in, requested

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-")


async def get(s: Stack, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{s.services['booking'].ops.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def gauge(s: Stack, name: str) -> float:
    _, text = await get(s, "/metrics")
    found = re.search(rf'^{name}{{.*service="booking".*}} (\S+)$', text, re.MULTILINE)
    assert found, name
    return float(found[1])


async def test_metrics_tell_what_waits_and_name_nobody(stack: Open) -> None:
    event, stuck = checked_in(), uuid4()
    async with at_work(stack, Clinic(refused={event.visit}), inbox_put_off_seconds="0.01") as s:
        before = await gauge(s, "baton_events_published_total") if await published(s) else 0.0
        await s.publish(event)
        async with (await s.db("booking")).transaction() as tx:
            await announce(tx, requested(stuck), MAY_1)
            await tx.execute("UPDATE outbox SET next_at = 'infinity', added_at = now() - interval '1 hour'")
            await set_deadline(tx, "of-a-newer-version", uuid4(), s.clock() - timedelta(minutes=1))
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) FROM dead_letter"))
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"))
        assert await gauge(s, "baton_outbox_waiting") == 1
        assert await gauge(s, "baton_outbox_age_seconds") >= 3600
        assert await gauge(s, "baton_deadlines_late") == 1
        assert await gauge(s, "baton_deadlines_late_seconds") >= 60
        assert await gauge(s, "baton_dead_letters_open") == 1
        assert await gauge(s, "baton_inbox_lag") == 0
        assert await gauge(s, "baton_events_published_total") == before + 1
        _, text = await get(s, "/metrics")
        assert not UUID.search(text)


async def published(s: Stack) -> bool:
    return 'baton_events_published_total{service="booking"}' in (await get(s, "/metrics"))[1]


async def test_health_tells_what_is_missing_and_that_it_came_back(stack: Open) -> None:
    async with at_work(stack) as s:
        assert (await get(s, "/health/ready"))[0] == 200
        s.servers.postgres.kill()
        s.servers.broker.kill()
        await s.until(lambda: missing(s, "database", "nats"))
        assert (await get(s, "/health/live"))[0] == 200
        assert (await get(s, "/metrics"))[0] == 200
        await s.servers.ready()
        await s.until(lambda: missing(s), 15)


async def missing(s: Stack, *what: str) -> bool:
    status, text = await get(s, "/health/ready")
    return (status == 503) is bool(what) and all(f'"{one}"' in text for one in what)


def test_a_trace_is_continued_and_a_wrong_one_replaced() -> None:
    parent = f"00-{'a' * 32}-{'b' * 16}-01"
    with trace.following(parent) as trace_id:
        assert trace_id == "a" * 32
        assert trace.current_traceparent() != parent
    for wrong in (None, "", "00-nonsense", f"00-{'g' * 32}-{'b' * 16}-01"):
        with trace.following(wrong) as trace_id:
            assert re.fullmatch("[0-9a-f]{32}", trace_id)


async def test_an_events_trace_goes_on_in_what_it_leads_to(stack: Open) -> None:
    seen: list[str | None] = []
    clinic = Clinic()
    async with at_work(stack, clinic) as s:

        async def look() -> None:
            seen.append(trace.current_trace_id())

        clinic.within = look
        await s.publish(checked_in())
        await s.quiet()
        ((_, envelope),) = await s.stream.envelopes("care.booking.v1.video.>")
        assert envelope.traceparent is not None
        assert envelope.traceparent[3:35] == seen[0]
