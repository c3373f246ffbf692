"""Dying at each crash point: afterwards every effect is there once, and every event is in the stream once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest

from baton_events.booking import VideoLeft, VideoRequested
from baton_events.codes import ServiceName
from baton_events.common import DEAD_LETTER_RECORDED
from shared.crash import CrashPoint
from tests.support import processes
from tests.support.clinic import at_work, checked_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.stack import Open, Stack

CRASHED = 137
OF_PARTNERS = {point for point in CrashPoint if point.startswith(("delivery.", "partner."))}
OF_THE_WAITLIST = {point for point in CrashPoint if point.startswith("waitlist.")}
OF_DEAD_LETTERS = {CrashPoint.INBOX_DEAD_LETTERED}
OF_ALL_EVENTS = [point for point in CrashPoint if point not in OF_PARTNERS | OF_DEAD_LETTERS | OF_THE_WAITLIST]


@contextmanager
def clinic(s: Stack, log: Path, *refused: UUID, crash: CrashPoint | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The clinic as a process, dying at `crash`."""
    variables = {**s.environment("booking"), "BATON_INBOX_PUT_OFF_SECONDS": "0.02"}
    if crash is not None:
        variables["BATON_CRASH"] = crash
    command = [sys.executable, "-m", "tests.faults.clinic", *map(str, refused)]
    child = processes.start(command, log, variables=variables)
    try:
        yield child
    finally:
        processes.stop(child)


async def dies(child: subprocess.Popen[bytes]) -> int:
    """Wait until the process has died of itself; gives its exit code."""
    return await asyncio.to_thread(child.wait, 20)


async def effects(s: Stack) -> list[tuple[str, UUID]]:
    return [(row["what"], row["entity"]) for row in await s.fetch("booking", "SELECT what, entity FROM effect")]


async def all_settled(s: Stack) -> bool:
    """Every outbox row is published and the consumer has nothing left."""
    if await s.fetchval("booking", "SELECT count(*) FROM outbox WHERE published_at IS NULL"):
        return False
    consumer = await s.stream.client.jetstream().consumer_info("CARE", "booking")
    return not consumer.num_pending and not consumer.num_ack_pending


@pytest.mark.parametrize("point", OF_ALL_EVENTS)
async def test_a_crash_loses_nothing_and_repeats_nothing(stack: Open, tmp_path: Path, point: CrashPoint) -> None:
    event = msgspec.structs.replace(checked_in(), room_due=datetime.now(UTC) - timedelta(hours=1))
    done = {("check-in", event.visit), ("call-back", event.visit)}
    async with at_work(stack, ack_wait=1, start=False) as s:
        with clinic(s, tmp_path / "log", crash=point) as child:
            await s.publish(event)
            assert await dies(child) == CRASHED, (tmp_path / "log").read_text()
        with clinic(s, tmp_path / "log"):
            await s.until(lambda: s.fetchval("booking", "SELECT count(*) >= 2 FROM effect"), 20)
            await s.until(lambda: all_settled(s), 20)
        assert sorted(await effects(s)) == sorted(done)
        assert [one.event.video for one in await s.events(VideoRequested)] == [event.visit]
        assert [one.event.video for one in await s.events(VideoLeft)] == [event.visit]
        ids = [envelope.id for _, envelope in await s.stream.envelopes()]
        assert len(ids) == len(set(ids)) == 3
        assert await s.fetchval("booking", "SELECT count(*) FROM inbox") == 1


@pytest.mark.parametrize("point", OF_DEAD_LETTERS)
async def test_a_crash_while_setting_aside_sets_aside_once(stack: Open, tmp_path: Path, point: CrashPoint) -> None:
    event = checked_in()
    async with at_work(stack, ack_wait=1, start=False) as s:
        with clinic(s, tmp_path / "log", event.visit, crash=point) as child:
            await s.publish(event)
            assert await dies(child) == CRASHED, (tmp_path / "log").read_text()
        with clinic(s, tmp_path / "log", event.visit):
            await s.until(lambda: all_settled(s), 20)
        assert await effects(s) == []
        assert await s.fetchval("booking", "SELECT count(*) FROM dead_letter") == 1
        assert len(await s.events(DEAD_LETTER_RECORDED[ServiceName.BOOKING])) == 1
