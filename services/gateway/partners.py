"""Partners come in here too: the raw body and its signed headers go to pharmacy, which verifies them."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from services.gateway.body import raw_body
from services.gateway.door import DOOR
from shared.errors import Invalid, NotFound
from shared.requests.pharmacy import PARTNER, PartnerMessage

LARGEST = PARTNER.largest // 2
SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


async def pharmacy_webhook(request: web.Request) -> web.Response:
    """Pass one message on; the answer says only that it was heard."""
    door = request.app[DOOR]
    door.addresses.take(request.remote)
    try:
        pharmacy = UUID(request.match_info["pharmacy"])
    except ValueError:
        raise NotFound from None
    signed = {name.replace("-", "_"): _signed_header(request, name) for name in SIGNED_HEADERS}
    body = await raw_body(request, LARGEST, door.settings.body_seconds)
    message = PartnerMessage(pharmacy=pharmacy, body=body, **signed)
    await door.bus.call_as_self(PARTNER, message, cause=None, seconds=door.settings.answer_seconds)
    return web.Response(status=204)


def _signed_header(request: web.Request, name: str) -> str:
    value = request.headers.get(name, "")
    if not value or not value.isascii():
        raise Invalid(field=name)
    return value
