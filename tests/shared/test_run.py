"""Running: a service waits for what it stands on, outlives outages, and stops without losing what it began."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
import pytest

from baton_events.booking import VideoRequested
from shared.outbox import announce
from shared.run import ConnectionGone
from tests.support import processes
from tests.support.clinic import MAY_1, Clinic, at_work, checked_in, requested

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.app import App, Ground
    from tests.support.stack import Open, Stack


@contextmanager
def clinic(s: Stack, log: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    variables = {**s.environment("booking"), "BATON_OPS_PORT": str(port)}
    child = processes.start([sys.executable, "-m", "tests.faults.clinic"], log, variables=variables)
    try:
        yield child
    finally:
        processes.stop(child)


async def answers(port: int, path: str, status: int) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
            return response.status == status
    except aiohttp.ClientError:
        return False


async def test_it_starts_before_its_servers_and_is_ready_when_they_are(stack: Open, tmp_path: Path) -> None:
    async with at_work(stack, start=False) as s:
        port = processes.free_port()
        s.servers.postgres.stop()
        s.servers.broker.stop()
        with clinic(s, tmp_path / "log", port) as child:
            await s.until(lambda: answers(port, "/health/live", 200), 15)
            assert await answers(port, "/health/ready", 503)
            await s.servers.ready()
            await s.until(lambda: answers(port, "/health/ready", 200), 15)
            assert child.poll() is None


async def test_told_to_stop_it_publishes_what_was_committed_and_leaves_in_order(stack: Open, tmp_path: Path) -> None:
    async with at_work(stack, start=False, relay_poll_seconds="60") as s:
        port, told = processes.free_port(), uuid4()
        with clinic(s, tmp_path / "log", port) as child:
            await s.until(lambda: answers(port, "/health/ready", 200), 15)
            async with (await s.db("booking")).transaction() as tx:
                await announce(tx, requested(told), MAY_1)
            assert await s.events(VideoRequested) == []
            child.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(child.wait, 15) == 0
        assert [one.event.video for one in await s.events(VideoRequested)] == [told]


async def test_told_to_stop_while_it_still_waits_it_leaves_at_once(stack: Open, tmp_path: Path) -> None:
    async with at_work(stack, start=False) as s:
        port = processes.free_port()
        s.servers.postgres.stop()
        with clinic(s, tmp_path / "log", port) as child:
            await s.until(lambda: answers(port, "/health/ready", 503), 15)
            child.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(child.wait, 10) == 0
        await s.servers.ready()


async def test_a_wrong_setting_ends_it_with_an_error(stack: Open, tmp_path: Path) -> None:
    async with at_work(stack, start=False) as s:
        s.variables["BATON_SERVICE_KEY_FILE"] = str(tmp_path / "none")
        with clinic(s, tmp_path / "log", 0) as child:
            assert await asyncio.to_thread(child.wait, 15) == 1
        assert "service.died" in (tmp_path / "log").read_text()


async def test_a_connection_that_is_gone_for_good_ends_it(stack: Open) -> None:
    async with at_work(stack) as s:
        await s.ground("booking").bus.nats.close()
        with pytest.raises(ConnectionGone):
            await s.services["booking"].wait()
        await s.crash("booking")


async def test_a_worker_that_fails_is_started_again_and_told_to_stop(stack: Open) -> None:
    rounds: list[str] = []

    async def work(ground: Ground, stop: asyncio.Event) -> None:
        rounds.append(ground.settings.service)
        if len(rounds) < 3:
            raise ValueError
        await stop.wait()
        rounds.append("stopped")

    def build() -> App:
        return replace(Clinic().build(), workers=(work,))

    async with stack(apps={"booking": build}) as s:
        await s.until(lambda: reached(rounds, 3))
        await s.stop("booking")
        assert rounds == ["booking"] * 3 + ["stopped"]


async def reached(rounds: list[str], count: int) -> bool:
    return len(rounds) >= count


async def test_two_of_a_service_share_its_events(stack: Open) -> None:
    first, second = Clinic(), Clinic()
    async with at_work(stack, first) as s:
        running = s.services["booking"]
        s.builds["booking"] = second.build
        await s.start("booking")
        for _ in range(200):
            await s.publish(checked_in(patient=uuid4()))
        await s.quiet(15)
        await running.stop()
        assert await s.fetchval("booking", "SELECT count(*) FROM effect") == 200
        assert len(first.seen) + len(second.seen) == 200
        assert first.seen
        assert second.seen
