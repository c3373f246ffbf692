import hmac
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from deploy.issuer.mint import id_token
from shared.errors import Unauthenticated
from shared.identity import tokens
from shared.identity.jwks import KnownKeys
from shared.identity.people import Person, Role
from shared.identity.tokens import SERVICE_TYPE, bearer
from tests.shared.line import MARIA
from tests.shared.tokens import ISSUER, NOW, World, b64


async def test_a_good_token_says_who_somebody_is(world: World) -> None:
    token = world.token(roles=["nurse", "patient"], teams=["room:1", "care"])
    person = await world.verifier.person(token)
    assert person.id == MARIA
    assert person.roles == {Role.NURSE, Role.PATIENT}
    assert person.teams == {"room:1", "care"}


async def test_the_same_token_is_verified_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = world.token()
    first = await world.verifier.caller(token)
    monkeypatch.setattr(tokens.jws, "validate_compact", None)
    assert await world.verifier.caller(token) is first


async def test_what_is_remembered_of_tokens_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 3)
    small = World()
    for _ in range(10):
        await small.verifier.caller(small.token(person=uuid4()))
    assert len(small.verifier._known) == 3


async def test_a_token_ends_when_it_says_also_when_it_was_seen_before(world: World) -> None:
    token = world.token(seconds=60)
    await world.verifier.caller(token)
    world.clock.now = NOW + timedelta(seconds=60)
    assert not await world.refuses(token), "clocks differ by a few seconds"
    world.clock.now = NOW + timedelta(seconds=71)
    assert await world.refuses(token)


async def test_an_expired_token_is_refused(world: World) -> None:
    assert await world.refuses(world.token(now=NOW - timedelta(hours=1)))


async def test_a_token_from_the_future_is_refused(world: World) -> None:
    assert await world.refuses(world.token(now=NOW + timedelta(minutes=5)))


async def test_a_token_for_another_audience_is_refused(world: World) -> None:
    assert await world.refuses(world.token(audience="another"))
    assert await world.refuses(world.signed(world.claims(aud=["another", "baton2"])))
    assert not await world.refuses(world.signed(world.claims(aud=["another", "baton"])))


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8080/oidc/", "http://evil.example", "", ISSUER.upper()])
async def test_a_token_of_another_issuer_is_refused(world: World, issuer: str) -> None:
    assert await world.refuses(world.token(issuer=issuer))


async def test_a_token_without_a_signature_is_refused(world: World) -> None:
    for alg in ("none", "None", "NONE", ""):
        header = b64({"alg": alg, "kid": world.key.kid, "typ": "at+jwt"})
        for signature in ("", "AAAA"):
            assert await world.refuses(f"{header}.{b64(world.claims())}.{signature}")


async def test_a_token_keyed_with_the_public_key_is_refused(world: World) -> None:
    public = world.key.as_dict(private=False)
    secrets = [world.key.as_pem(private=False), json.dumps(public).encode(), public["x"].encode()]  # type: ignore[union-attr]
    for secret in secrets:
        header = b64({"alg": "HS256", "kid": world.key.kid, "typ": "at+jwt"})
        signing = f"{header}.{b64(world.claims())}"
        assert await world.refuses(f"{signing}.{b64(hmac.digest(secret, signing.encode(), 'sha256'))}")


async def test_a_token_signed_with_another_key_is_refused(world: World) -> None:
    assert await world.refuses(world.signed(world.claims(), key=ECKey.generate_key("P-256")))
    assert await world.refuses(world.signed(world.claims(), key=OctKey.generate_key(256), alg="HS256"))
    assert await world.refuses(world.signed(world.claims(), key=RSAKey.generate_key(2048), alg="RS256"))
    assert await world.refuses(world.signed(world.claims(), key=OKPKey.generate_key("Ed25519"), alg="Ed25519"))


async def test_a_token_with_an_unknown_key_id_or_none_is_refused(world: World) -> None:
    assert await world.refuses(world.signed(world.claims(), kid="unknown"))
    header = {"alg": "ES256", "typ": "at+jwt"}
    assert await world.refuses(jwt.encode(header, world.claims(), world.key, algorithms=["ES256"]))


async def test_a_token_that_brings_its_own_key_is_refused(world: World) -> None:
    own = ECKey.generate_key("P-256", {"kid": world.key.kid})
    assert await world.refuses(world.signed(world.claims(), key=own, jwk=own.as_dict(private=False)))


async def test_an_altered_token_is_refused(world: World) -> None:
    header, claims, signature = world.token().split(".")
    altered = b64(world.claims(roles=["privacy_officer"]))
    assert await world.refuses(f"{header}.{altered}.{signature}")
    assert await world.refuses(f"{header}.{claims}.{signature[:-4]}AAAA")
    assert await world.refuses(f"{header}.{claims}.")
    assert await world.refuses(f"{header}.{claims}")


async def test_another_kind_of_token_of_the_same_issuer_is_refused(world: World) -> None:
    for typ in ("JWT", "", "logout+jwt", SERVICE_TYPE):
        assert await world.refuses(world.signed(world.claims(), typ=typ))
    told = id_token(
        world.key, issuer=ISSUER, client="baton", person=MARIA, name="maria", signed_in=NOW, now=NOW, nonce=""
    )
    assert await world.refuses(told)


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": "maria"},
        {"sub": None},
        {"exp": None},
        {"exp": "2099-01-01"},
        {"exp": 1e300},
        {"exp": True},
        {"nbf": NOW.timestamp() + 60},
        {"iss": None},
        {"aud": None},
        {"aud": {"baton": 1}},
        {"roles": "patient"},
        {"teams": ["care\n"]},
        {"teams": ["../x"]},
    ],
)
async def test_a_signed_token_out_of_form_is_refused(world: World, changed: dict[str, Any]) -> None:
    assert await world.refuses(world.signed(world.claims(**changed)))


async def test_a_critical_header_that_is_not_understood_is_refused(world: World) -> None:
    header = b64({"alg": "ES256", "kid": world.key.kid, "typ": "at+jwt", "crit": ["b64"], "b64": False})
    assert await world.refuses(f"{header}.{b64(world.claims())}.AAAA")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 9000, "W10.W10.W10", f"{b64([])}.e30.AA"])
async def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    assert await world.refuses(token)


async def test_roles_not_known_here_open_nothing(world: World) -> None:
    person = await world.verifier.person(world.token(roles=["root", "nurse", ""]))
    assert person.roles == {Role.NURSE}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_ed25519_signatures_of_an_issuer_hold_under_both_their_names(world: World) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    world.verifier._issuer_keys = KnownKeys([key])
    for alg in ("EdDSA", "Ed25519"):
        assert not await world.refuses(world.signed(world.claims(jti=alg), key=key, kid="ed", alg=alg))


def test_only_a_bearer_token_is_taken_from_the_header() -> None:
    assert bearer("Bearer a.b-c_d.e") == bearer("bearer  a.b-c_d.e") == "a.b-c_d.e"
    for header in (None, "", "Bearer", "Basic a", "Bearer a b", "Bearer a\nb", "Bearer é", "xBearer a"):
        with pytest.raises(Unauthenticated):
            bearer(header)


async def test_nothing_of_a_token_is_logged(world: World, lines: io.StringIO) -> None:
    await world.refuses(world.token(audience="another"))
    await world.refuses("a.b.c")
    assert lines.getvalue() == ""


def test_a_person_acts_for_themselves_and_their_teams() -> None:
    expires = NOW
    person = Person(UUID(int=1), frozenset({Role.CLINICIAN}), frozenset({"care", "b"}), expires)
    assert person.owners == (f"clinician:{UUID(int=1)}", "team:b", "team:care")
