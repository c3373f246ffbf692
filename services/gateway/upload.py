"""One part of a file on its way in: its bytes are held here until the service has kept them, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.gateway.content import part_body
from services.gateway.door import DOOR, answer, problem_response, signed_in
from shared.bus.headers import AUTHORIZATION, KEY, idempotency_key

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

    from shared.requests import Operation


def uploading(op: Operation[Any, Any]) -> Handler:
    """The handler of an address that takes parts."""

    async def upload(request: web.Request) -> web.StreamResponse:
        door = request.app[DOOR]
        _, token = await signed_in(request)
        headers = {AUTHORIZATION: f"Bearer {token}", KEY: idempotency_key(request.headers)}
        with door.files.one():
            body = await part_body(request, op, door.settings.part_seconds)
            async with door.parts:
                reply = await door.bus.forward(op, body, headers, door.settings.answer_seconds)
        if reply.status == 200:
            return answer(reply.body)
        return problem_response(reply.status, reply.body, reply.retry_after)

    return upload
