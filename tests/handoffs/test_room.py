"""How full the stream is, watched by the service that keeps the ledger."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from services.handoffs.operations import room
from shared.inbox.provision import STREAM, prepare_stream
from tests.handoffs.cases import checked_in

if TYPE_CHECKING:
    import io

    import pytest

    from tests.support.stack import Open


async def test_a_stream_that_fills_is_measured_and_told_of(
    stack: Open, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SECONDS", 0.01)
    async with stack("handoffs") as s:
        ground = s.ground("handoffs")
        assert 0 <= await room.measure(ground) < room.ALARM
        assert "stream.filling" not in log.getvalue()
        for _ in range(8):
            await s.publish(checked_in(due=s.clock() + timedelta(minutes=10)))
        await s.quiet()
        js = s.stream.client.jetstream()
        held = (await js.stream_info(STREAM)).state.bytes
        await prepare_stream(js, max_bytes=int(held / 0.8))
        assert round(await room.measure(ground), 1) == 0.8
        stop = asyncio.Event()
        watching = asyncio.create_task(room.watch_room(ground, stop))

        async def told() -> bool:
            return "stream.filling" in log.getvalue()

        await s.until(told)
        stop.set()
        await watching
