"""KEKs and thread keys are rotated while people write and read at two instances: nothing fails, and all of it opens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared.requests import messaging
from shared.requests.messaging import OpenThread, ReadMessages, Send
from shared.run import Running
from shared.sealing import rotation, service
from tests.shared.keks import BOTH, InFile, InTransit, in_file, in_transit

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Open, Stack

MARIA, AMARA = "maria-lopez", "amara-okafor"
ROUNDS = 3
CACHED, SETTLED = 0.15, 0.3
"""Seconds, in place of minutes, for which keys are cached and after which a new generation seals."""


@pytest.fixture(params=BOTH)
async def keks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[InFile | InTransit]:
    made = await in_file(tmp_path) if request.param == "keyring" else await in_transit(tmp_path)
    yield made
    await made.close()


def variables(keks: InFile | InTransit) -> dict[str, str]:
    if isinstance(keks, InFile):
        return {"BATON_KEYRING_FILE": str(keks.path)}
    return {
        "BATON_KEYRING_FILE": "",
        "BATON_TRANSIT_URL": keks.server.url,
        "BATON_TRANSIT_KEY": keks.key,
        "BATON_TRANSIT_TOKEN_FILE": str(keks.token_file),
    }


@dataclass
class Traffic:
    """People who write and read until told to stop; whatever is refused to them is raised."""

    s: Stack
    threads: list[UUID]
    sent: dict[UUID, dict[int, str]] = field(default_factory=dict)
    reads: int = 0
    stop: bool = False

    async def write(self, thread: UUID, who: str) -> None:
        for number in count():
            text = f"{who} {number}"
            done = await self.s.ask(messaging.SEND, Send(thread=thread, text=text), as_=who)
            self.sent.setdefault(thread, {})[done.sequence] = text
            await asyncio.sleep(0.01)
            if self.stop:
                return

    async def read(self, thread: UUID, who: str) -> None:
        while not self.stop:
            await self.page(thread, who, None)
            self.reads += 1
            await asyncio.sleep(0.01)

    async def page(self, thread: UUID, who: str, before: int | None) -> messaging.Messages:
        return await self.s.ask(messaging.MESSAGES, ReadMessages(thread=thread, before=before, limit=20), as_=who)

    async def all_of(self, thread: UUID, who: str) -> dict[int, str]:
        found: dict[int, str] = {}
        before: int | None = None
        while True:
            page = await self.page(thread, who, before)
            found |= {message.sequence: message.text for message in page.messages}
            before = page.before
            if before is None:
                return found


async def rotated(s: Stack, keks: InFile | InTransit) -> None:
    """What `baton keys rotate` does, several times over."""
    sealing = s.ground("messaging").sealing
    for _ in range(ROUNDS):
        await keks.rotate()
        await rotation.rewrap_patient_keys(sealing)
        await rotation.renew_group_keys(sealing, datetime.now(UTC))
        await asyncio.sleep(SETTLED)


async def test_no_message_and_no_read_fails_while_every_key_is_rotated(
    stack: Open, keks: InFile | InTransit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CACHE_SECONDS", CACHED)
    monkeypatch.setattr(service, "SETTLE_SECONDS", SETTLED)
    async with stack("directory", "messaging", variables=variables(keks)) as s:
        second = Running(s.app("messaging"), s.clock)
        await second.start()
        try:
            maria = s.person(MARIA)
            threads = [
                (await s.ask(messaging.OPEN_THREAD, OpenThread(patient=maria), as_=AMARA)).thread for _ in range(2)
            ]
            traffic = Traffic(s, threads)
            async with asyncio.TaskGroup() as people:
                for thread in threads:
                    for who in (MARIA, AMARA):
                        people.create_task(traffic.write(thread, who))
                        people.create_task(traffic.read(thread, who))
                await rotated(s, keks)
                traffic.stop = True
            await keks.retire()
            await asyncio.sleep(CACHED)
            for thread in threads:
                assert await traffic.all_of(thread, MARIA) == traffic.sent[thread]
                assert max(traffic.sent[thread]) == len(traffic.sent[thread])
                used = await s.fetchval("messaging", KEYS_USED, thread)
                assert used > ROUNDS / 2, "messages were sealed under several generations"
            assert traffic.reads > ROUNDS
            assert all(unwrapped(running) for running in (s.services["messaging"], second)), "both instances had a part"
        finally:
            await second.stop()


def unwrapped(running: Running) -> bool:
    assert running.ground is not None
    return bool(running.ground.sealing.unwrapped.kept)


KEYS_USED = "SELECT count(DISTINCT substr(sealed, 5, 16)) FROM message WHERE thread = $1"
