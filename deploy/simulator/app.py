"""The pharmacies' HTTP door: orders come in here; health and what was heard can be looked at."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from deploy.simulator import fhir
from deploy.simulator.behaviours import planned
from deploy.simulator.pharmacies import Pharmacies
from deploy.simulator.post import post_answers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.simulator.settings import Settings

PHARMACIES = web.AppKey("pharmacies", Pharmacies)
POST: web.AppKey[list[asyncio.Task[None]]] = web.AppKey("post", list)
LARGEST = 256 * 1024


def build(settings: Settings) -> web.Application:
    """Make the application; its post runs as long as it does."""
    app = web.Application(client_max_size=LARGEST)
    app[PHARMACIES] = Pharmacies.open(settings)
    app[POST] = []
    app.add_routes(
        [
            web.post("/pharmacies/{pharmacy}", order),
            web.get("/received", received),
            web.get("/health", health),
        ]
    )
    app.cleanup_ctx.append(_posting)
    return app


async def order(request: web.Request) -> web.Response:
    """Take a signed order, or its taking back, once; answered only when it is kept."""
    pharmacies = request.app[PHARMACIES]
    pharmacy = _pharmacy(request)
    behaviour = pharmacies.cast.of(pharmacy)
    if behaviour is None or pharmacy not in pharmacies.secrets:
        raise web.HTTPNotFound
    body = await request.read()
    try:
        Webhook(pharmacies.secrets[pharmacy]).verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise web.HTTPUnauthorized from error
    try:
        told = fhir.read(body)
    except fhir.NotAnOrder as error:
        raise web.HTTPUnprocessableEntity from error
    now = time.time()
    answers = planned(behaviour, pharmacy, told.routing, now, pharmacies.settings.pace)
    await asyncio.to_thread(pharmacies.store.hear, request.headers["webhook-id"], pharmacy, told, answers, now)
    pharmacies.owing.set()
    return web.Response(status=204)


async def received(request: web.Request) -> web.Response:
    """Every message heard: its id, pharmacy, routing, kind, and how many times it came."""
    return web.json_response(await asyncio.to_thread(request.app[PHARMACIES].store.received))


async def health(request: web.Request) -> web.Response:
    """Whether the pharmacies are open and their post goes out."""
    if any(post.done() for post in request.app[POST]):
        return web.json_response({"status": "the post has stopped"}, status=503)
    return web.json_response({"status": "ok"})


def _pharmacy(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["pharmacy"])
    except ValueError as error:
        raise web.HTTPNotFound from error


async def _posting(app: web.Application) -> AsyncIterator[None]:
    post = asyncio.create_task(post_answers(app[PHARMACIES]))
    app[POST].append(post)
    yield
    post.cancel()
    with suppress(asyncio.CancelledError):
        await post
