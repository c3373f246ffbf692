"""A file on its way out: opened once, which puts the look on record, then asked for and sent part by part.

At most one part of it is held here at a time. What cannot be opened before the first byte is a problem document;
after it, the connection is cut, so that nobody takes half a file for a whole one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from services.gateway.content import kept_as
from services.gateway.door import DOOR, HEADERS, problem_response, signed_in
from shared import logs
from shared.bus import refusal_of
from shared.bus.endpoint import fault
from shared.bus.headers import AUTHORIZATION
from shared.errors import Invalid, Refusal
from shared.requests.attachments import ContentOpened, OpenContent, Part, ReadPart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from aiohttp.typedefs import Handler

    from services.gateway.door import Door
    from shared.requests import Operation

CUT = logs.event("download.cut", "code")
RANGE_NOT_SATISFIABLE = 416


def downloading(op: Operation[Any, Any], parts: Operation[Any, Any]) -> Handler:
    """The handler of an address that gives a file."""

    async def download(request: web.Request) -> web.StreamResponse:
        door = request.app[DOOR]
        _, token = await signed_in(request)
        headers = {AUTHORIZATION: f"Bearer {token}"}
        ask = _ask(request)
        with door.files.one():
            reply = await door.bus.forward(op, msgspec.json.encode(ask), headers, door.settings.answer_seconds)
            if reply.status != 200:
                return _refused(reply.status, reply.body, reply.retry_after)
            opened = msgspec.json.decode(reply.body, type=ContentOpened)
            pieces = _pieces(door, parts, headers, ask.attachment, opened)
            return await _send(request, door, _response(ask, opened), pieces)

    return download


def _ask(request: web.Request) -> OpenContent:
    """The file and the range asked for, which counts only for the file that If-Range names."""
    try:
        ask = msgspec.convert(dict(request.match_info), OpenContent, strict=False)
    except msgspec.ValidationError as error:
        field, problem = fault(str(error))
        raise Invalid(field=field, problem=problem) from None
    wanted = request.headers.get("If-Range", _tag(ask.attachment))
    given = request.headers.get("Range", "")
    return OpenContent(
        attachment=ask.attachment, range=given[:200] if given and wanted == _tag(ask.attachment) else None
    )


def _tag(attachment: UUID) -> str:
    """A file never changes, so its id tells it from all others."""
    return f'"{attachment}"'


def _refused(status: int, body: bytes, retry_after: int | None) -> web.Response:
    response = problem_response(status, body, retry_after)
    if status == RANGE_NOT_SATISFIABLE:
        size = refusal_of(body).members["size"]
        response.headers["Content-Range"] = f"bytes */{size}"
    return response


def _response(ask: OpenContent, opened: ContentOpened) -> web.StreamResponse:
    whole = opened.last - opened.first + 1 == opened.size
    response = web.StreamResponse(status=200 if whole else 206, headers={**HEADERS, **kept_as(opened.name)})
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = _tag(ask.attachment)
    response.content_type = opened.media_type
    response.content_length = opened.last - opened.first + 1
    if not whole:
        response.headers["Content-Range"] = f"bytes {opened.first}-{opened.last}/{opened.size}"
    return response


async def _pieces(
    door: Door, op: Operation[Any, Any], headers: dict[str, str], attachment: UUID, opened: ContentOpened
) -> AsyncIterator[memoryview]:
    """The bytes asked for, a part at a time; raises the refusal that came instead of one."""
    size = opened.part_bytes
    for index in range(opened.first // size, opened.last // size + 1):
        ask = ReadPart(attachment=attachment, part=index + 1, ticket=opened.ticket)
        async with door.parts:
            reply = await door.bus.forward(op, msgspec.json.encode(ask), headers, door.settings.answer_seconds)
        if reply.status != 200:
            raise refusal_of(reply.body)
        body = msgspec.json.decode(reply.body, type=Part).body
        del reply
        yield memoryview(body)[max(0, opened.first - index * size) : opened.last - index * size + 1]


async def _send(
    request: web.Request, door: Door, response: web.StreamResponse, pieces: AsyncIterator[memoryview]
) -> web.StreamResponse:
    piece = await anext(pieces)
    await response.prepare(request)
    try:
        while True:
            async with asyncio.timeout(door.settings.part_seconds):
                await response.write(piece)
            del piece
            piece = await anext(pieces)
    except StopAsyncIteration:
        await response.write_eof()
    except (Refusal, TimeoutError, ConnectionError) as error:
        _cut(request, error)
    return response


def _cut(request: web.Request, error: Exception) -> None:
    CUT.warning(error=error, code=error.code if isinstance(error, Refusal) else "")
    if request.transport is not None:
        request.transport.abort()
