"""Forwarding: one route, one operation, the bytes as they came in either direction; those of a file bare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.gateway.body import json_body, query_ask
from services.gateway.content import whole
from services.gateway.door import DOOR, answer, problem_response, signed_in
from shared.bus.headers import AUTHORIZATION, KEY, idempotency_key
from shared.requests.common import Content

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

    from services.gateway.routes import Route


def forwarding(route: Route) -> Handler:
    """The handler of a route."""

    async def forward(request: web.Request) -> web.StreamResponse:
        door, op = request.app[DOOR], route.operation
        _, token = await signed_in(request)
        headers = {AUTHORIZATION: f"Bearer {token}"}
        if op.command:
            headers[KEY] = idempotency_key(request.headers)
        if request.method == "POST":
            body = await json_body(request, op.largest, door.settings.body_seconds)
        else:
            body = query_ask(request)
        reply = await door.bus.forward(op, body, headers, door.settings.answer_seconds)
        if reply.status == 200:
            return whole(reply.body) if issubclass(op.gives, Content) else answer(reply.body)
        return problem_response(reply.status, reply.body, reply.retry_after)

    return forward
