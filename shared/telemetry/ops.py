"""The ops port: whether the process lives, whether it is ready, and its metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared import logs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

GAUGE_SECONDS = 2.0
NOT_MEASURED = logs.event("ops.not-measured")


class OpsPort:
    """Serves /health/live, /health/ready and /metrics.

    `missing` names what keeps the service from being ready; `measure` sets the gauges before metrics are read.
    """

    def __init__(
        self, missing: Callable[[], Awaitable[list[str]]], measure: Callable[[], Awaitable[None]], service: str
    ) -> None:
        self._missing = missing
        self._measure = measure
        self._service = service
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; with port 0 on any free one, which `port` then tells."""
        app = web.Application()
        app.router.add_get("/health/live", self._live)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, _: web.Request) -> web.Response:
        return web.json_response({"service": self._service, "live": True})

    async def _ready(self, _: web.Request) -> web.Response:
        missing = await self._missing()
        answer = {"service": self._service, "ready": not missing, "missing": missing}
        return web.json_response(answer, status=503 if missing else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(GAUGE_SECONDS):
                await self._measure()
        except Exception as error:  # noqa: BLE001 - counters are told also while a gauge cannot be read
            NOT_MEASURED.warning(error=error)
        body = await asyncio.to_thread(generate_latest)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
