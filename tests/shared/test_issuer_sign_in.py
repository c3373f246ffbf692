import asyncio
import json
import re
from base64 import urlsafe_b64decode
from uuid import UUID

import pytest

from deploy.issuer import passwords
from deploy.issuer.client import sign_in
from shared.errors import Unauthenticated
from shared.identity.people import Role
from tests.shared.issuing import SignIn, sent_back
from tests.shared.line import MARIA
from tests.support.surroundings import PRACTICE_DIR

SCRIPT = '"><script>alert(1)</script>'


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
    said = json.loads(urlsafe_b64decode(claims + "=="))
    assert (said["aud"], said["nonce"], said["sub"]) == ("baton-app", "n-1", str(MARIA))
    with pytest.raises(Unauthenticated):
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


async def test_the_service_answers_with_and_without_the_gateways_prefix(issuer: SignIn) -> None:
    bare = issuer.url.removesuffix("/oidc")
    for url in (issuer.url, bare):
        async with issuer.http.get(f"{url}/health") as answer:
            assert answer.status == 200
