"""Watch how full the stream is: events must have room long before they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Gauge

from shared import logs
from shared.background import repeat
from shared.inbox.provision import STREAM

if TYPE_CHECKING:
    import asyncio

    from shared.app import Ground

ALARM = 0.7
SECONDS = 30.0

USED = Gauge("baton_stream_used_ratio", "How much of the stream's room is taken, from 0 to 1.", ["stream"])
FILLING = logs.event("stream.filling", "used_percent")


async def watch_room(ground: Ground, stop: asyncio.Event) -> None:
    """Measure until told to stop; at 70% and above every look says so in the log, for ops to archive or give room."""

    async def look() -> float:
        used = await measure(ground)
        if used >= ALARM:
            FILLING.error(used_percent=round(used * 100))
        return SECONDS

    await repeat("stream.room", look, stop)


async def measure(ground: Ground) -> float:
    """The share of the stream's bytes that is taken."""
    info = await ground.bus.js.stream_info(STREAM)
    most = info.config.max_bytes or 0
    used = info.state.bytes / most if most > 0 else 0.0
    USED.labels(STREAM).set(used)
    return used
