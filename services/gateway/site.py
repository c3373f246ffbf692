"""The HTTP site: the table of routes as an application, served until told to stop, then drained."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, cast

from aiohttp import web

from services.gateway import merging, openapi, partners, routes, sign_in
from services.gateway.door import DOOR, Door, answer, at_the_door
from services.gateway.download import downloading
from services.gateway.forwarding import forwarding
from services.gateway.limits import InFlight, Rate, Streams
from services.gateway.live.hub import Hub
from services.gateway.live.stream import live
from services.gateway.upload import uploading
from shared import logs
from shared.app import Ground
from shared.errors import Unavailable

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from services.gateway.routes import Route
    from services.gateway.settings import GatewaySettings

LISTENING = logs.event("gateway.listening", "port")
DRAINED = logs.event("gateway.drained")
LINGER_SECONDS = 2.0
"""How long what still arrives of a refused body is thrown away, so that the refusal is read before the end."""
ANSWERED_IN_TIME = 0.8
"""The share of the drain time that requests under way may take."""


@dataclass(frozen=True, kw_only=True)
class GatewayGround(Ground):
    """The common ground and the site that stands on it."""

    door: Door
    runner: web.AppRunner

    @property
    def port(self) -> int:
        """The port it listens on, where the settings left the choice."""
        return int(self.runner.addresses[0][1])


async def open_site(ground: Ground) -> GatewayGround:
    """Listen; raises OSError when the port is taken."""
    settings = cast("GatewaySettings", ground.settings)
    door = Door(
        settings=settings,
        bus=ground.bus,
        hub=Hub(ground.bus.nats),
        callers=Rate(settings.caller_rate, settings.caller_burst),
        addresses=Rate(settings.address_rate, settings.address_burst),
        in_flight=InFlight(settings.most_in_flight),
        files=InFlight(settings.most_files),
        parts=asyncio.Semaphore(settings.parts_at_once),
        streams=Streams(settings.most_live, settings.most_live_each),
    )
    runner = web.AppRunner(
        application(door),
        access_log=None,
        keepalive_timeout=settings.idle_seconds,
        lingering_time=LINGER_SECONDS,
        handler_cancellation=True,  # nobody waits for the answer of whoever has gone
        shutdown_timeout=settings.drain_seconds * ANSWERED_IN_TIME,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        raise
    common = {field.name: getattr(ground, field.name) for field in fields(Ground)}
    opened = GatewayGround(**common, door=door, runner=runner)
    LISTENING.info(port=opened.port)
    return opened


async def keep_open(ground: GatewayGround, stop: asyncio.Event) -> None:
    """Serve until `stop`; then take no more, end live streams, and finish what is under way."""
    await ground.door.hub.watch(stop)
    await ground.runner.cleanup()
    DRAINED.info()


def application(door: Door) -> web.Application:
    """Every address with its handler."""
    app = web.Application(middlewares=[at_the_door])
    app[DOOR] = door
    for route in routes.ROUTES:
        app.router.add_route(route.method, route.path, _handler(route))
    app.router.add_route("GET", routes.STORY, merging.story)
    app.router.add_route("GET", routes.ACCESSES, merging.accesses)
    app.router.add_route("GET", routes.LIVE, live)
    app.router.add_route("POST", routes.PARTNER, partners.pharmacy_webhook)
    app.router.add_route("GET", routes.OPENAPI, _describe)
    app.router.add_route("GET", routes.HEALTH, _health)
    if door.settings.issuer_upstream:
        sign_in.require_loopback(door.settings)
        app.cleanup_ctx.append(sign_in.client)
        app.router.add_route("*", routes.SIGN_IN, sign_in.carry_through)
    app.on_shutdown.append(_end_streams)
    return app


def _handler(route: Route) -> Handler:
    if route.parts is not None:
        return downloading(route.operation, route.parts)
    return uploading(route.operation) if route.method == "PUT" else forwarding(route)


async def _describe(_: web.Request) -> web.Response:
    return answer(openapi.document())


async def _health(request: web.Request) -> web.Response:
    if not request.app[DOOR].bus.nats.is_connected:
        raise Unavailable(retry_after=1)
    return answer(b'{"status":"pass"}')


async def _end_streams(app: web.Application) -> None:
    app[DOOR].draining.set()
