"""Sign-in through the one HTTP port: the embedded issuer is carried through as it is, on loopback only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from deploy.issuer import app as issuer
from deploy.issuer.client import SignInRefused, refresh, sign_in
from deploy.issuer.settings import ACCOUNTS, Settings
from shared.settings import SettingsWrong
from tests.gateway.conftest import Gateway, Opening
from tests.support import processes
from tests.support.surroundings import PRACTICE_DIR


@asynccontextmanager
async def with_issuer(opened: Opening, folder: Path) -> AsyncIterator[tuple[Gateway, web.AppRunner]]:
    """A gateway that carries a real embedded issuer through."""
    port = processes.free_port()
    settings = Settings(
        issuer=f"http://127.0.0.1:{port}/oidc",
        folder=folder,
        practice_dir=PRACTICE_DIR,
        accounts_file=PRACTICE_DIR / ACCOUNTS,
    )
    runner = web.AppRunner(issuer.build(settings))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    upstream = f"http://127.0.0.1:{runner.addresses[0][1]}"
    variables = {"issuer": settings.issuer, "issuer_upstream": upstream, "jwks_url": f"{upstream}/oidc/jwks"}
    async with opened("directory", port=str(port), **variables) as gateway:
        yield gateway, runner
    await runner.cleanup()


async def test_a_person_signs_in_through_the_gateway_and_is_known_to_the_services(
    opened: Opening, tmp_path: Path
) -> None:
    async with with_issuer(opened, tmp_path) as (gateway, runner):
        discovery = await gateway.get("/oidc/.well-known/openid-configuration", who=None)
        assert discovery.json["token_endpoint"] == f"{gateway.url}/oidc/token"
        tokens = await sign_in(f"{gateway.url}/oidc", "maria-lopez", "baton")
        again = await refresh(f"{gateway.url}/oidc", tokens["refresh_token"])
        for one in (tokens, again):
            headers = {"Authorization": f"Bearer {one['access_token']}"}
            me = await gateway.get("/v1/me", who=None, headers=headers)
            assert me.json["person"] == str(gateway.stack.person("maria-lopez"))
        with pytest.raises(SignInRefused):
            await sign_in(f"{gateway.url}/oidc", "maria-lopez", "wrong")
        await runner.cleanup()
        away = await gateway.get("/oidc/jwks", who=None)
        assert (away.status, away.code) == (503, "sign-in-unavailable")
        assert (await gateway.get("/v1/me", who=None, headers=headers)).status == 200


async def test_the_form_reaches_the_browser_as_the_issuer_made_it(opened: Opening, tmp_path: Path) -> None:
    async with with_issuer(opened, tmp_path) as (gateway, runner):
        query = "/oidc/authorize?response_type=code&client_id=baton-app&redirect_uri=http%3A%2F%2F127.0.0.1%2Fsigned-in"
        query += f"&scope=openid&state=a%2Fb%20c&code_challenge={'x' * 43}&code_challenge_method=S256"
        through = await gateway.get(query, who=None)
        async with aiohttp.ClientSession() as http:
            answer = await http.get(f"http://127.0.0.1:{runner.addresses[0][1]}{query}")
            direct, headers = await answer.read(), answer.headers
        assert (through.status, through.body) == (200, direct)
        for name in ("Content-Type", "Content-Security-Policy", "Cache-Control"):
            assert through.headers.getall(name) == headers.getall(name)


async def test_an_issuer_that_others_can_reach_is_never_carried_through(opened: Opening) -> None:
    with pytest.raises(SettingsWrong):
        async with opened(issuer="https://id.practice.example", issuer_upstream="http://127.0.0.1:1"):
            pass


async def test_without_an_embedded_issuer_there_is_no_such_address(gateway: Gateway) -> None:
    assert (await gateway.get("/oidc/jwks", who=None)).code == "no-such-address"
