"""The door: every request is traced, counted, bounded and answered, and every refusal is a problem document."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from services.gateway import metrics
from services.gateway.limits import InFlight, Rate, Streams
from services.gateway.refusals import MethodNotAllowed, NoSuchAddress
from services.gateway.routes import HEALTH, LIVE
from shared import logs
from shared.bus import MEDIA_TYPE, problem
from shared.errors import Internal, Refusal, TooLarge, Unauthenticated
from shared.identity.tokens import bearer
from shared.telemetry import trace

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from services.gateway.live.hub import Hub
    from services.gateway.settings import GatewaySettings
    from shared.bus import Bus
    from shared.identity.people import Person

FAILED = logs.event("gateway.failed", "route")
UNBOUNDED = frozenset({LIVE, HEALTH})
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, kw_only=True)
class Door:
    """What every handler stands on. `files` are under way in either direction, `parts` of them asked for at once."""

    settings: GatewaySettings
    bus: Bus
    hub: Hub
    callers: Rate
    addresses: Rate
    in_flight: InFlight
    files: InFlight
    parts: asyncio.Semaphore
    streams: Streams
    draining: asyncio.Event = field(default_factory=asyncio.Event)


DOOR = web.AppKey("door", Door)


async def signed_in(request: web.Request) -> tuple[Person, str]:
    """Who is asking, with their token; raises Unauthenticated, or TooFast when they ask too often."""
    door = request.app[DOOR]
    try:
        token = bearer(request.headers.get("Authorization"))
        person = await door.bus.verifier.person(token)
    except Unauthenticated:
        door.addresses.take(request.remote)
        raise
    door.callers.take(person.id)
    return person, token


def answer(body: bytes) -> web.Response:
    """A 200 with JSON as it came."""
    return web.Response(body=body, content_type="application/json")


def refuse(refusal: Refusal) -> web.Response:
    """The refusal as a problem document."""
    return problem_response(refusal.status, problem(refusal), refusal.retry_after)


def problem_response(status: int, body: bytes, retry_after: int | None = None) -> web.Response:
    """A problem document as it came from a service."""
    response = web.Response(status=status, body=body, headers={"Content-Type": MEDIA_TYPE})
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status == Unauthenticated.status:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@web.middleware
async def at_the_door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Trace, bound, answer: nothing that goes wrong leaves here but as a problem document."""
    route = _route(request)
    started = time.perf_counter()
    with trace.following(request.headers.get("traceparent")) as trace_id:
        response = await _answered(request, handler, route)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers["Baton-Trace"] = trace_id
    if route not in UNBOUNDED:
        metrics.SECONDS.labels(route).observe(time.perf_counter() - started)
    metrics.REQUESTS.labels(request.method if route else "", route, response.status).inc()
    return response


async def _answered(request: web.Request, handler: Handler, route: str) -> web.StreamResponse:
    try:
        if route in UNBOUNDED:
            return await handler(request)
        with request.app[DOOR].in_flight.one():
            return await handler(request)
    except Refusal as refusal:
        response = refuse(refusal)
        if isinstance(refusal, TooLarge):
            response.force_close()
        return response
    except web.HTTPMethodNotAllowed as error:
        response = refuse(MethodNotAllowed())
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    except web.HTTPException as error:
        return refuse(NoSuchAddress() if error.status == NoSuchAddress.status else Internal())
    except Exception as error:  # noqa: BLE001 - whatever went wrong, its words stay in the process
        if request.transport is not None:
            FAILED.error(error=error, route=route)
        return refuse(Internal())


def _route(request: web.Request) -> str:
    """The address as the table writes it, without values; empty where there is none."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""
