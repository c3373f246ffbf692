"""What a request carries: the body of a command as it came, or the ask that an address and its query make up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from services.gateway.refusals import BodyTooSlow, GivenTwice, NotJson
from shared.errors import TooLarge

if TYPE_CHECKING:
    from aiohttp import web


async def json_body(request: web.Request, largest: int, seconds: float) -> bytes:
    """The bytes of a JSON body, undecoded; raises NotJson, TooLarge or BodyTooSlow."""
    encoded = request.headers.get("Content-Encoding", "identity").lower() != "identity"
    if request.content_type != "application/json" or encoded or (request.charset or "utf-8").lower() != "utf-8":
        raise NotJson
    return await raw_body(request, largest, seconds)


async def raw_body(request: web.Request, largest: int, seconds: float) -> bytes:
    """The bytes of a body of at most `largest`, all arrived within `seconds`."""
    if (request.content_length or 0) > largest:
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.content.iter_any():
                body += part
                if len(body) > largest:
                    raise TooLarge
    except TimeoutError:
        raise BodyTooSlow from None
    return bytes(body)


def query_ask(request: web.Request) -> bytes:
    """The ask that the path and the query make up, as JSON strings; the service reads them by its own types."""
    ask = dict(request.match_info)
    for name, value in request.query.items():
        if name in ask:
            raise GivenTwice(field=name)
        ask[name] = value
    return msgspec.json.encode(ask)
