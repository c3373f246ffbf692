"""An issuer's key, two services' keys, a clock that can be set, and tokens of every kind made from them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt

from deploy.issuer.mint import mint, new_key
from shared.errors import Unauthenticated
from shared.identity.jwks import KnownKeys
from shared.identity.keys import new_service_key, service_kid
from shared.identity.tokens import SERVICE_TYPE, Verifier
from tests.shared.line import MARIA

ISSUER = "http://127.0.0.1:8080/oidc"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PATIENT = ("patient",)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


class World:
    """An issuer's key, two services' keys, and the verifier of `booking`."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.key = new_key()
        self.services = {name: new_service_key(name) for name in ("booking", "visits")}
        self.verifier = Verifier(
            service="booking",
            issuer=ISSUER,
            audience="baton",
            issuer_keys=KnownKeys([self.key]),
            service_keys=self.services,
            clock=self.clock,
        )

    def token(self, **changed: Any) -> str:
        wanted: dict[str, Any] = {"issuer": ISSUER, "person": MARIA, "roles": PATIENT, "now": NOW, **changed}
        return mint(wanted.pop("key", self.key), **wanted)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What a good token says, with changes; None leaves a claim out."""
        said = json.loads(base64.urlsafe_b64decode(self.token().split(".")[1] + "=="))
        return {name: value for name, value in {**said, **changed}.items() if value is not None}

    def signed(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        key = key or self.key
        found = {"alg": "ES256", "kid": self.key.kid, "typ": "at+jwt", **header}
        return jwt.encode(found, claims, key, algorithms=[found["alg"]])

    def service_token(self, **changed: Any) -> str:
        visits, now = service_kid("visits"), int(NOW.timestamp())
        said = {"iss": visits, "sub": visits, "aud": "booking", "iat": now, "exp": now + 300, **changed}
        header = {"alg": "Ed25519", "kid": visits, "typ": SERVICE_TYPE}
        return jwt.encode(header, said, self.services["visits"], algorithms=["Ed25519"])

    async def refuses(self, token: str) -> bool:
        try:
            await self.verifier.caller(token)
        except Unauthenticated:
            return True
        return False


@pytest.fixture
def world() -> World:
    return World()


def b64(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
