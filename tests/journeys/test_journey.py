"""The journey on a whole installation, three times in a row, again on the same data, and through every kill."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from deploy.journey.run import walk_journey
from deploy.journey.steps import STEPS
from tests.journeys.consistency import every_effect_once, everything_out_once_and_in_once
from tests.support.installed import Installed, installed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("installation")]

PARTS = [
    "gateway",
    "directory",
    "booking",
    "visits",
    "messaging",
    "pharmacy",
    "billing",
    "handoffs",
    "nats",
    "postgres",
]


async def walked(it: Installed, kill: str = "", before_step: int = 0) -> list[dict[str, Any]]:
    """Walk the journey; kill a part while the step with that number is being walked."""
    told: list[dict[str, Any]] = []

    def tell(step: dict[str, Any]) -> None:
        told.append(step)
        if kill and step["step"] == before_step - 1:
            it.kill(kill)

    held = await walk_journey(it.url, "baton", tell)
    assert held, told[-1]
    assert len(told) == len(STEPS)
    return told


async def test_the_journey_holds_three_times_and_again_on_the_same_data(tmp_path: Path) -> None:
    async with installed(tmp_path / "home") as it:
        for _ in range(3):
            told = await walked(it)
        opened = {handoff["name"] for step in told for handoff in step["handoffs"] if handoff["change"] == "opened"}
        assert {"visit.prepare", "visit.room", "visit.order", "visit.follow-up", "thread.reply", "rx.resolve"} <= opened
        status, said = await it.command("up")
        assert status != 0, "a second stack on the same home must be refused"
        assert "already runs" in said
    async with installed(tmp_path / "home") as it:
        await walked(it)
        await everything_out_once_and_in_once(it)
        await every_effect_once(it, journeys=4)


async def test_the_journey_survives_a_kill_of_every_part(tmp_path: Path) -> None:
    """Each part in turn, each in the middle of another step; the supervisor starts it again."""
    steps = [3, 5, 3, 8, 13, 16, 10, 6, 10, 17]
    async with installed(tmp_path / "home") as it:
        for part, step in zip(PARTS, steps, strict=True):
            await walked(it, kill=part, before_step=step)
        await everything_out_once_and_in_once(it)
        await every_effect_once(it, journeys=len(PARTS))


async def test_two_installations_run_side_by_side(tmp_path: Path) -> None:
    async with installed(tmp_path / "one") as one, installed(tmp_path / "two") as two:
        await asyncio.gather(walked(one), walked(two))


async def test_nothing_is_left_running_after_a_kill_of_everything_and_it_starts_again(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.process_iter()}
    async with installed(tmp_path / "home") as it:
        supervisor = psutil.Process(it.pid("gateway")).parent()
        assert supervisor is not None
        supervisor.kill()
    async with installed(tmp_path / "home") as it:
        await walked(it)
        mine = {it.pid(part) for part in PARTS}
    left = {one.pid for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(one.info["cmdline"])}
    assert not left - before
    assert not any(psutil.pid_exists(pid) for pid in mine)
