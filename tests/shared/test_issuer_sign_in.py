import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web

from deploy.issuer import passwords
from deploy.issuer.app import build
from deploy.issuer.client import REDIRECT, SignInRefused, refresh, sign_in
from deploy.issuer.grants import challenge_of
from deploy.issuer.settings import Settings
from shared.identity.jwks import IssuerKeys
from shared.identity.people import Role
from shared.identity.tokens import Verifier
from tests.shared.line import MARIA
from tests.support.processes import free_port
from tests.support.surroundings import PRACTICE_DIR

VERIFIER = "v" * 43
NEWCOMER = UUID("9a71e000-0000-4000-8000-0000000000ff")
SCRIPT = '"><script>alert(1)</script>'


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


async def test_who_signs_in_is_known_to_services_with_roles_and_teams(issuer: SignIn) -> None:
    tokens = await sign_in(issuer.url, "noor-haddad", "baton")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    nurse = await issuer.verifier().person(tokens["access_token"])
    assert nurse.id == UUID("57aff000-0000-4000-8000-000000000001")
    assert nurse.roles == {Role.NURSE}
    assert nurse.teams == {"room:0ff1ce00-0000-4000-8000-000000000003"}


async def test_a_daughter_who_acts_for_her_mother_is_patient_and_proxy(issuer: SignIn) -> None:
    tokens = await sign_in(issuer.url, "aisha-khan", "baton")
    assert (await issuer.verifier().person(tokens["access_token"])).roles == {Role.PATIENT, Role.PROXY}


async def test_everybody_of_the_sample_practice_can_sign_in(issuer: SignIn) -> None:
    names = re.findall(r'^name = "([a-z-]+)"$', (PRACTICE_DIR / "sign-in.toml").read_text(), re.MULTILINE)
    assert len(names) == 21
    for name in names:
        assert (await sign_in(issuer.url, name, "baton"))["access_token"]


async def test_the_provider_tells_what_it_can_do_under_its_own_address(issuer: SignIn) -> None:
    async with issuer.http.get(f"{issuer.url}/.well-known/openid-configuration") as answer:
        document = await answer.json()
    assert document["issuer"] == issuer.url
    for name, path in {
        "authorization_endpoint": "authorize",
        "token_endpoint": "token",
        "jwks_uri": "jwks",
    }.items():
        assert document[name] == f"{issuer.url}/{path}"
    assert document["code_challenge_methods_supported"] == ["S256"]
    async with issuer.http.get(document["jwks_uri"]) as answer:
        keys = (await answer.json())["keys"]
    assert [key["kty"] for key in keys] == ["EC"]
    assert not any(private in key for key in keys for private in ("d", "p", "k"))


async def test_the_app_learns_who_signed_in_from_a_token_that_opens_nothing(issuer: SignIn) -> None:
    _, tokens = await issuer.token(code=await issuer.code(nonce="n-1"))
    _, claims, _ = tokens["id_token"].split(".")
    from base64 import urlsafe_b64decode

    said = json.loads(urlsafe_b64decode(claims + "=="))
    assert (said["aud"], said["nonce"], said["sub"]) == ("baton-app", "n-1", str(MARIA))
    with pytest.raises(Exception, match="unauthenticated"):
        await issuer.verifier().caller(tokens["id_token"])


async def test_the_form_can_be_used_by_anybody(issuer: SignIn) -> None:
    page, html = await issuer.get()
    assert page.status == 200
    assert '<html lang="en">' in html
    for field in ("name", "password"):
        assert f'<label for="{field}">' in html
        assert f'id="{field}"' in html
    assert 'autocomplete="current-password"' in html
    assert "<title>Sign in to Baton</title>" in html
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1;" in policy
    assert page.headers["Cache-Control"] == "no-store"


async def test_the_code_comes_back_with_the_apps_state_and_the_issuers_name(issuer: SignIn) -> None:
    page, _ = await issuer.post("maria-lopez", "baton", state="a&b=c")
    back = sent_back(page)
    assert (back["state"], back["iss"]) == ("a&b=c", issuer.url)


async def test_a_wrong_password_and_an_unknown_name_look_the_same(issuer: SignIn) -> None:
    wrong, wrong_html = await issuer.post("maria-lopez", "wrong")
    nobody, nobody_html = await issuer.post("maria-lopes", "wrong")
    assert wrong.status == nobody.status == 403
    assert wrong_html.replace("maria-lopez", "NAME") == nobody_html.replace("maria-lopes", "NAME")
    assert 'role="alert"' in wrong_html
    assert 'value="maria-lopez"' in wrong_html
    assert 'wrong"' not in wrong_html


async def test_a_name_that_fails_too_often_has_to_wait_even_with_the_right_password(issuer: SignIn) -> None:
    for _ in range(passwords.FAILURES):
        page, _ = await issuer.post("maria-lopez", "wrong")
        assert page.status == 403
    page, html = await issuer.post("maria-lopez", "baton")
    assert page.status == 429
    assert "Wait five minutes" in html
    assert (await issuer.post("jonas-weber", "baton"))[0].status == 303


async def test_guessing_at_once_is_no_way_around_waiting(issuer: SignIn) -> None:
    pages = await asyncio.gather(*(issuer.post("maria-lopez", f"guess-{n}") for n in range(40)))
    checked = [page for page, _ in pages if page.status == 403]
    assert len(checked) <= passwords.FAILURES + passwords.CHECKED_AT_ONCE


async def test_what_is_typed_is_never_part_of_the_page(issuer: SignIn) -> None:
    _, html = await issuer.post(SCRIPT, SCRIPT)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    _, html = await issuer.get(client_id=SCRIPT, redirect_uri=SCRIPT, state=SCRIPT)
    assert "<script>" not in html


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "https://evil.example/signed-in"},
        {"redirect_uri": "http://127.0.0.1/signed-in/../elsewhere"},
        {"redirect_uri": "http://127.0.0.1/signed-in?next=https://evil.example"},
        {"redirect_uri": "http://127.0.0.1/signed-in#x"},
        {"redirect_uri": "http://127.0.0.1@evil.example/signed-in"},
        {"redirect_uri": "http://x@127.0.0.1/signed-in"},
        {"redirect_uri": "http://127.0.0.1.evil.example/signed-in"},
        {"redirect_uri": "http://127.0.0.1:99999/signed-in"},
        {"redirect_uri": "https://127.0.0.1/signed-in"},
        {"redirect_uri": "//evil.example/signed-in"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": ""},
    ],
)
async def test_nobody_is_sent_where_no_known_app_lives(issuer: SignIn, changed: dict[str, str]) -> None:
    for page, html in (await issuer.get(**changed), await issuer.post("maria-lopez", "baton", **changed)):
        assert page.status == 400
        assert "Location" not in page.headers
        assert "not known to this practice" in html


async def test_a_loopback_address_stands_for_itself_on_any_port(issuer: SignIn) -> None:
    for redirect in ("http://127.0.0.1:54321/signed-in", "http://localhost:3000/signed-in"):
        page, _ = await issuer.post("maria-lopez", "baton", redirect_uri=redirect)
        assert page.headers["Location"].startswith(f"{redirect}?code=")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"nonce": "x" * 1001}, "invalid_request"),
    ],
)
async def test_a_known_app_is_told_what_is_wrong_with_its_request(
    issuer: SignIn, changed: dict[str, str], error: str
) -> None:
    for page, _ in (await issuer.get(**changed), await issuer.post("maria-lopez", "baton", **changed)):
        back = sent_back(page)
        assert back["error"] == error
        assert "code" not in back


async def test_a_form_sent_from_another_site_signs_nobody_in(issuer: SignIn) -> None:
    page, _ = await issuer.post("maria-lopez", "baton", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 403
    page, _ = await issuer.post("maria-lopez", "baton", headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status == 303


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"code_verifier": challenge_of(VERIFIER)},
        {"redirect_uri": "http://127.0.0.1:1/signed-in"},
        {"code": "invented"},
        {"code": ""},
    ],
)
async def test_a_code_is_worth_nothing_to_whoever_did_not_ask_for_it(issuer: SignIn, changed: dict[str, str]) -> None:
    form = {"code": await issuer.code(), **changed}
    assert await issuer.token(**form) == (400, {"error": "invalid_grant"})


async def test_a_code_used_twice_ends_what_it_began(issuer: SignIn) -> None:
    code = await issuer.code()
    _, tokens = await issuer.token(code=code)
    assert (await issuer.token(code=code))[0] == 400
    with pytest.raises(SignInRefused, match="invalid_grant"):
        await refresh(issuer.url, tokens["refresh_token"])


async def test_a_code_is_good_for_a_minute(issuer: SignIn) -> None:
    code = await issuer.code()
    issuer.clock.advance(61)
    assert (await issuer.token(code=code))[0] == 400


async def test_an_app_or_a_grant_not_known_here_gets_nothing(issuer: SignIn) -> None:
    code = await issuer.code()
    assert await issuer.token(code=code, client_id="unknown") == (401, {"error": "invalid_client"})
    assert await issuer.token(grant_type="password", username="x") == (400, {"error": "unsupported_grant_type"})


async def test_a_refresh_token_gives_new_tokens_and_is_replaced(issuer: SignIn) -> None:
    first = await sign_in(issuer.url, "maria-lopez", "baton")
    issuer.clock.advance(900)
    second = await refresh(issuer.url, first["refresh_token"])
    assert (await issuer.verifier().person(second["access_token"])).id == MARIA
    assert second["refresh_token"] != first["refresh_token"]
    issuer.clock.advance(900)
    assert await refresh(issuer.url, second["refresh_token"])


async def test_a_refresh_whose_answer_was_lost_can_be_sent_again(issuer: SignIn) -> None:
    first = await sign_in(issuer.url, "maria-lopez", "baton")
    await refresh(issuer.url, first["refresh_token"])
    issuer.clock.advance(5)
    assert await refresh(issuer.url, first["refresh_token"])


async def test_a_copied_refresh_token_ends_the_session(issuer: SignIn) -> None:
    first = await sign_in(issuer.url, "maria-lopez", "baton")
    second = await refresh(issuer.url, first["refresh_token"])
    issuer.clock.advance(60)
    for token in (first["refresh_token"], second["refresh_token"]):
        with pytest.raises(SignInRefused, match="invalid_grant"):
            await refresh(issuer.url, token)


async def test_a_session_ends_after_half_a_day(issuer: SignIn) -> None:
    tokens = await sign_in(issuer.url, "maria-lopez", "baton")
    issuer.clock.advance(12 * 3600 - 1)
    tokens = await refresh(issuer.url, tokens["refresh_token"])
    issuer.clock.advance(2)
    with pytest.raises(SignInRefused):
        await refresh(issuer.url, tokens["refresh_token"])


async def test_nothing_that_opens_a_session_is_kept_as_it_is(issuer: SignIn) -> None:
    code = await issuer.code()
    _, tokens = await issuer.token(code=code)
    kept = b"".join(path.read_bytes() for path in issuer.settings.folder.iterdir() if path.name != "key.json")
    for secret in (code, tokens["refresh_token"], tokens["access_token"], "baton"):
        assert secret.encode() not in kept.replace(b"baton-app", b"")


async def taken_on(issuer: SignIn, who: str, **changed: Any) -> int:
    tokens = await sign_in(issuer.url, who, "baton")
    account = {"name": "new-patient", "person": str(NEWCOMER), "roles": ["patient"], "password": "her own", **changed}
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with issuer.http.post(f"{issuer.url}/accounts", json=account, headers=headers) as answer:
        return answer.status


async def test_a_patient_the_front_desk_took_on_can_sign_in(issuer: SignIn) -> None:
    assert await taken_on(issuer, "fern-dale") == 201
    assert await taken_on(issuer, "fern-dale") == 200
    tokens = await sign_in(issuer.url, "new-patient", "her own")
    patient = await issuer.verifier().person(tokens["access_token"])
    assert (patient.id, patient.roles, patient.teams) == (NEWCOMER, {Role.PATIENT}, frozenset())


async def test_nobody_but_the_front_desk_gives_out_accounts(issuer: SignIn) -> None:
    for who in ("maria-lopez", "ben-whitfield", "olive-park"):
        assert await taken_on(issuer, who) == 403
    async with issuer.http.post(f"{issuer.url}/accounts", json={}) as answer:
        assert answer.status == 401


async def test_no_account_can_be_taken_over_or_made_for_staff(issuer: SignIn) -> None:
    for name in ("maria-lopez", "ben-whitfield"):
        assert await taken_on(issuer, "fern-dale", name=name) == 409
    assert await taken_on(issuer, "fern-dale", person="c1111c00-0000-4000-8000-000000000001") == 403
    assert await taken_on(issuer, "fern-dale", roles=["clinician"]) == 400
    assert await taken_on(issuer, "fern-dale", name="../x") == 400
    assert await taken_on(issuer, "fern-dale") == 201
    assert await taken_on(issuer, "fern-dale", name="another-name") == 409
    assert await taken_on(issuer, "fern-dale", person=str(UUID(int=7))) == 409


async def test_the_service_answers_with_and_without_the_gateways_prefix(issuer: SignIn) -> None:
    bare = issuer.url.removesuffix("/oidc")
    for url in (issuer.url, bare):
        async with issuer.http.get(f"{url}/health") as answer:
            assert answer.status == 200
