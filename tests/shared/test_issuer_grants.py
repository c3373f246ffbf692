import stat
from typing import Any
from uuid import UUID

import pytest

from deploy.issuer.client import SignInRefused, refresh, sign_in
from deploy.issuer.grants import challenge_of
from shared.identity.people import Role
from tests.shared.issuing import VERIFIER, SignIn
from tests.shared.line import MARIA

NEWCOMER = UUID("9a71e000-0000-4000-8000-0000000000ff")


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
    assert {stat.S_IMODE(path.stat().st_mode) for path in issuer.settings.folder.iterdir()} == {0o600}
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
    assert await taken_on(issuer, "fern-dale", person="9a71e000-0000-4000-8000-000000000001") == 409  # Maria's own
    assert await taken_on(issuer, "fern-dale", roles=["clinician"]) == 400
    assert await taken_on(issuer, "fern-dale", name="../x") == 400
    assert await taken_on(issuer, "fern-dale") == 201
    assert await taken_on(issuer, "fern-dale", name="another-name") == 409
    assert await taken_on(issuer, "fern-dale", person=str(UUID(int=7))) == 409
