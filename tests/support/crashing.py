"""Ending a service in this process as a kill would: connections cut, nothing finished, nothing told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nats.aio.client import Client

if TYPE_CHECKING:
    from shared.run import Running


async def drop(running: Running) -> None:
    """Cut the service's connections first, so that nothing of its clean-up reaches anybody, then end its tasks."""
    running.ready = False
    running._stop.set()
    running._stop_last.set()
    bus = running.foundation.bus
    if bus is not None:
        bus.nats._pending.clear()
        bus.nats._pending_data_size = 0
        await bus.nats._close(Client.CLOSED, do_cbs=False)
    for database in (running.foundation.db, running.foundation.keystore):
        if database is not None:
            database.pool.terminate()
    tasks = [*running._work, *running._afterwards]
    if running._server is not None:
        tasks += running._server._running
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await running.ops.stop()
