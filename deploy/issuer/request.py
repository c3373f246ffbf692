"""The authorization request: what an app asks for when it sends somebody to sign in (RFC 6749, 7636, 9207)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.issuer.accounts import App

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST = 1000


class Authorize(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of the request, as they came."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    prompt: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""


def read(query: Mapping[str, str]) -> Authorize:
    """The request, without parameters not known here."""
    return msgspec.convert(dict(query), Authorize)


def app_of(request: Authorize, apps: Mapping[str, App]) -> App | None:
    """The app that asks; None when it is unknown or the redirect is not its own, so nobody may be sent there."""
    app = apps.get(request.client_id)
    return app if app is not None and app.takes(request.redirect_uri) else None


def error(request: Authorize) -> str | None:
    """What is wrong with the request of a known app, by the protocol's word for it."""
    if any(len(value) > LONGEST for value in msgspec.structs.astuple(request)):
        return "invalid_request"
    if request.response_type != "code":
        return "unsupported_response_type"
    if request.code_challenge_method != "S256" or not CHALLENGE.fullmatch(request.code_challenge):
        return "invalid_request"
    if "openid" not in request.scope.split():
        return "invalid_scope"
    if request.prompt == "none":
        return "login_required"
    return None


def back(request: Authorize, issuer: str, **parameters: str) -> str:
    """Where the browser goes next, with the parameters, the app's state and the issuer's name."""
    parameters["iss"] = issuer
    if request.state:
        parameters["state"] = request.state[:LONGEST]
    joint = "&" if urlsplit(request.redirect_uri).query else "?"
    return f"{request.redirect_uri}{joint}{urlencode(parameters)}"


def origin(redirect: str) -> str:
    """The scheme, host and port of the app's address, for the page's policy on where its form may lead."""
    parts = urlsplit(redirect)
    return f"{parts.scheme}://{parts.netloc}"
