"""The sign-in service over real HTTP, and an app that knows how to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from deploy.issuer.app import build
from deploy.issuer.client import REDIRECT
from deploy.issuer.grants import challenge_of
from deploy.issuer.settings import Settings
from shared.identity.jwks import IssuerKeys
from shared.identity.tokens import Verifier
from tests.support.processes import free_port
from tests.support.surroundings import PRACTICE_DIR

VERIFIER = "v" * 43


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class SignIn:
    """The sign-in service over real HTTP, under the path a gateway gives it."""

    settings: Settings
    clock: Clock
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.settings.issuer

    def asked(self, **changed: str) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": "baton-app",
            "redirect_uri": REDIRECT,
            "scope": "openid",
            "state": "s",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changed,
        }

    async def get(self, **changed: str) -> tuple[aiohttp.ClientResponse, str]:
        async with self.http.get(f"{self.url}/authorize", params=self.asked(**changed), allow_redirects=False) as page:
            return page, await page.text()

    async def post(
        self, name: str, password: str, headers: dict[str, str] | None = None, **changed: str
    ) -> tuple[aiohttp.ClientResponse, str]:
        form = {"name": name, "password": password}
        params = self.asked(**changed)
        async with self.http.post(
            f"{self.url}/authorize", params=params, data=form, headers=headers, allow_redirects=False
        ) as page:
            return page, await page.text()

    async def code(self, name: str = "maria-lopez", **changed: str) -> str:
        page, _ = await self.post(name, "baton", **changed)
        return sent_back(page)["code"]

    async def token(self, **form: str) -> tuple[int, dict[str, Any]]:
        wanted = {
            "grant_type": "authorization_code",
            "client_id": "baton-app",
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            **form,
        }
        async with self.http.post(f"{self.url}/token", data=wanted) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, await answer.json()

    def verifier(self) -> Verifier:
        return Verifier(
            service="booking",
            issuer=self.settings.issuer,
            audience="baton",
            issuer_keys=IssuerKeys(f"{self.url}/jwks"),
            service_keys={},
            clock=self.clock,
        )


def sent_back(page: aiohttp.ClientResponse) -> dict[str, str]:
    assert page.status == 303
    parts = urlsplit(page.headers["Location"])
    assert parts._replace(query="").geturl() == REDIRECT
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


@pytest.fixture
async def issuer(tmp_path: Path) -> AsyncIterator[SignIn]:
    port, clock = free_port(), Clock()
    settings = Settings(
        issuer=f"http://127.0.0.1:{port}/oidc",
        folder=tmp_path / "issuer",
        practice_dir=PRACTICE_DIR,
        accounts_file=PRACTICE_DIR / "sign-in.toml",
        port=port,
    )
    runner = web.AppRunner(build(settings, clock=clock))
    await runner.setup()
    await web.TCPSite(runner, settings.host, port).start()
    async with aiohttp.ClientSession() as http:
        yield SignIn(settings, clock, http)
    await runner.cleanup()
