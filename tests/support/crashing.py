"""Ending a service in this process as a kill would: connections cut, nothing finished, nothing told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from nats.aio.client import Client

if TYPE_CHECKING:
    from shared.run import Running


async def drop(running: Running) -> None:
    """Cut the service's connections first, so that nothing of its clean-up reaches anybody, then end its tasks."""
    running.ready = False
    _hang_up(running)
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


def _hang_up(running: Running) -> None:
    """Whoever is connected to the site, where there is one, finds the connection reset, and nobody connects again."""
    runner: web.AppRunner | None = getattr(running.ground, "runner", None)
    if runner is None or runner.server is None:
        return
    for site in runner.sites:
        assert isinstance(site, web.TCPSite)
        if site._server is not None:
            site._server.close()
    for connection in runner.server.connections:
        if connection.transport is not None:
            connection.transport.abort()
