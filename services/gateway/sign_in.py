"""Sign-in on a laptop: the embedded issuer listens on loopback only and is reached through the one HTTP port."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from services.gateway.body import raw_body
from services.gateway.door import DOOR
from shared.errors import Unavailable
from shared.settings import SettingsWrong

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.gateway.settings import GatewaySettings

LARGEST = 64 * 1024
SECONDS = aiohttp.ClientTimeout(total=10)
HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
CLIENT = web.AppKey("client", aiohttp.ClientSession)


class SignInUnavailable(Unavailable):
    """Signing in is not possible right now. Send the same request again shortly."""

    code = "sign-in-unavailable"


def require_loopback(settings: GatewaySettings) -> None:
    """Refuse to carry an issuer through that others could reach; raises SettingsWrong."""
    for url in (settings.issuer, settings.issuer_upstream):
        if not _is_loopback(urlsplit(url).hostname or ""):
            raise SettingsWrong("BATON_ISSUER_UPSTREAM is for an issuer on loopback; bring your own provider")


async def client(app: web.Application) -> AsyncIterator[None]:
    """The connection to the issuer, for as long as the application lives."""
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=SECONDS, cookie_jar=jar, auto_decompress=False) as session:
        app[CLIENT] = session
        yield


async def carry_through(request: web.Request) -> web.Response:
    """Pass a request on to the issuer as it came, and its answer back."""
    settings = request.app[DOOR].settings
    body = await raw_body(request, LARGEST, settings.body_seconds)
    url = URL(settings.issuer_upstream).origin().join(request.rel_url)
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
    try:
        async with request.app[CLIENT].request(
            request.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as upstream:
            content = await upstream.read()
    except (aiohttp.ClientError, TimeoutError):
        raise SignInUnavailable(retry_after=1) from None
    response = web.Response(status=upstream.status, body=content)
    response.headers.popall("Content-Type", None)
    for name, value in upstream.headers.items():
        if name.lower() not in HOP_BY_HOP:
            response.headers.add(name, value)
    return response


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
