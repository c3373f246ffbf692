"""Signing in as an app does: the authorization code flow with PKCE, for the journey and for tests."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from deploy.issuer.grants import challenge_of
from deploy.issuer.mint import APP

REDIRECT = "http://127.0.0.1/signed-in"


class SignInRefused(Exception):
    """The sign-in service did not let this name in; the text is its word for why."""


async def sign_in(url: str, name: str, password: str, *, app: str = APP, redirect: str = REDIRECT) -> dict[str, Any]:
    """The token response for `name` from the issuer at `url` (`access_token`, `refresh_token`, `id_token`, …).

    Raises SignInRefused, or aiohttp.ClientConnectionError while the service cannot be reached.
    """
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    asked = {
        "response_type": "code",
        "client_id": app,
        "redirect_uri": redirect,
        "scope": "openid",
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        async with http.post(
            f"{url}/authorize", params=asked, data={"name": name, "password": password}, allow_redirects=False
        ) as answer:
            code = _code(_reached(answer), state)
        return await _redeemed(
            http,
            url,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect,
                "client_id": app,
                "code_verifier": verifier,
            },
        )


async def refresh(url: str, refresh_token: str, *, app: str = APP) -> dict[str, Any]:
    """The token response for a refresh token; raises as `sign_in` does."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": app}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        return await _redeemed(http, url, form)


async def _redeemed(http: aiohttp.ClientSession, url: str, form: dict[str, str]) -> dict[str, Any]:
    async with http.post(f"{url}/token", data=form) as answer:
        body: dict[str, Any] = await _reached(answer).json()
    if answer.status != 200:
        raise SignInRefused(str(body.get("error")))
    return body


def _code(answer: aiohttp.ClientResponse, state: str) -> str:
    if answer.status != 303:
        raise SignInRefused(f"status {answer.status}")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    if query.get("state") != [state] or "code" not in query:
        raise SignInRefused(query.get("error", ["no code"])[0])
    return query["code"][0]


def _reached(answer: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    if answer.status in {502, 503, 504}:
        raise aiohttp.ClientConnectionError
    return answer
