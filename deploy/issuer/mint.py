"""Making tokens: access tokens for the practice (RFC 9068) and ID tokens for the app that signed somebody in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.identity.keys import read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from joserfc.jwk import Key

ALGORITHM = "ES256"
ACCESS_SECONDS = 15 * 60
APP = "baton-app"


def new_key() -> ECKey:
    """A new signing key, named by its thumbprint."""
    return ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)


def own_key(folder: Path) -> Key:
    """The key kept in the folder, made there the first time."""
    path = folder / "key.json"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_private(path, new_key())
    return read_private(path)


def mint(
    key: Key,
    *,
    issuer: str,
    person: UUID,
    roles: Iterable[str],
    now: datetime,
    teams: Iterable[str] = (),
    audience: str = "baton",
    seconds: float = ACCESS_SECONDS,
    client: str = APP,
    scope: str = "openid",
) -> str:
    """An access token by which services know `person`, for `seconds` from `now`."""
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": str(person),
        "client_id": client,
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int(now.timestamp() + seconds),
        "jti": str(uuid4()),
        "scope": scope,
        "roles": sorted(roles),
        "teams": sorted(teams),
    }
    return _signed(key, "at+jwt", claims)


def id_token(
    key: Key, *, issuer: str, client: str, person: UUID, name: str, signed_in: datetime, now: datetime, nonce: str
) -> str:
    """An ID token that tells the app `client` who signed in and when."""
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": client,
        "sub": str(person),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp() + ACCESS_SECONDS),
        "auth_time": int(signed_in.timestamp()),
        "preferred_username": name,
    }
    if nonce:
        claims["nonce"] = nonce
    return _signed(key, "JWT", claims)


def _signed(key: Key, typ: str, claims: dict[str, object]) -> str:
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": typ}, claims, key, algorithms=[ALGORITHM])
