"""Tokens: what a caller shows, verified into who they are; a token verified once is known until it expires."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
from cachetools import LRUCache
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from msgspec import Meta

from shared.clock import system_clock
from shared.errors import Unauthenticated
from shared.identity.keys import service_kid
from shared.identity.people import Person, Role, ServiceCaller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import Key

    from shared.clock import Clock
    from shared.identity.jwks import Keys
    from shared.identity.people import Caller

# Issuers still name Ed25519 signatures by the older word, which the library warns about on every use.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

PERSON_ALGORITHMS = jws.JWSRegistry(algorithms=["ES256", "Ed25519", "EdDSA"])
SERVICE_ALGORITHMS = jws.JWSRegistry(algorithms=["Ed25519"])
PERSON_TYPES = frozenset({"at+jwt", "application/at+jwt"})
SERVICE_TYPE = "baton-service+jwt"
SERVICE_SECONDS = 300
LEEWAY_SECONDS = 10
LARGEST = 8 * 1024
REMEMBERED = 4096
ROLES: frozenset[str] = frozenset(Role)

Seconds = Annotated[float, Meta(ge=0, le=253402300799)]
Team = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9:-]{0,99}\\Z")]


class PersonClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a person's access token says (RFC 9068), as far as it is looked at."""

    iss: str
    aud: str | list[str]
    sub: UUID
    exp: Seconds
    nbf: Seconds = 0
    roles: list[str] = []
    teams: list[Team] = []


class ServiceClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a service's own token says: for one audience, for at most five minutes, because of one event."""

    iss: str
    aud: str
    sub: str
    iat: Seconds
    exp: Seconds
    cause: UUID | None = None


class Verifier:
    """Verifies the tokens shown to `service`."""

    def __init__(
        self,
        *,
        service: str,
        issuer: str,
        audience: str,
        issuer_keys: Keys,
        service_keys: Mapping[str, Key],
        clock: Clock = system_clock,
    ) -> None:
        self._service = service
        self._issuer = issuer
        self._audience = audience
        self._issuer_keys = issuer_keys
        self._service_keys = {service_kid(name): (name, key) for name, key in service_keys.items()}
        self._clock = clock
        self._known: LRUCache[bytes, Caller] = LRUCache(REMEMBERED)

    async def caller(self, token: str) -> Caller:
        """Whose token this is; raises Unauthenticated, or IssuerUnavailable when it cannot be checked."""
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._known[digest] = await self._verified(token)
        if self._clock() >= known.expires:
            raise Unauthenticated
        return known

    async def person(self, token: str) -> Person:
        """The person whose token this is; a service's own token is refused."""
        caller = await self.caller(token)
        if not isinstance(caller, Person):
            raise Unauthenticated
        return caller

    async def _verified(self, token: str) -> Caller:
        try:
            return await self._read(token)
        except (JoseError, msgspec.DecodeError, ValueError, TypeError):
            raise Unauthenticated from None

    async def _read(self, token: str) -> Caller:
        if len(token) > LARGEST:
            raise Unauthenticated
        signed = jws.extract_compact(token.encode())
        header: Any = signed.headers()
        match header:
            case {"crit": _} | {"b64": _}:
                raise Unauthenticated
            case {"typ": str(typ), "kid": str(kid)} if typ.lower() in PERSON_TYPES:
                return self._person(signed, await self._issuer_keys.key(kid))
            case {"typ": str(typ), "kid": str(kid)} if typ == SERVICE_TYPE and kid in self._service_keys:
                return self._other_service(signed, *self._service_keys[kid])
        raise Unauthenticated

    def _person(self, signed: jws.CompactSignature, key: Key) -> Person:
        if not jws.validate_compact(signed, key, registry=PERSON_ALGORITHMS):
            raise Unauthenticated
        claims = msgspec.json.decode(signed.payload, type=PersonClaims)
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer or self._audience not in audiences:
            raise Unauthenticated
        if claims.nbf > self._clock().timestamp() + LEEWAY_SECONDS:
            raise Unauthenticated
        return Person(
            id=claims.sub,
            roles=frozenset(Role(role) for role in claims.roles if role in ROLES),
            teams=frozenset(claims.teams),
            expires=_expires(claims.exp),
        )

    def _other_service(self, signed: jws.CompactSignature, name: str, key: Key) -> ServiceCaller:
        if not jws.validate_compact(signed, key, registry=SERVICE_ALGORITHMS):
            raise Unauthenticated
        claims = msgspec.json.decode(signed.payload, type=ServiceClaims)
        if claims.sub != service_kid(name) or claims.iss != claims.sub or claims.aud != self._service:
            raise Unauthenticated
        if claims.exp - claims.iat > SERVICE_SECONDS or claims.iat > self._clock().timestamp() + LEEWAY_SECONDS:
            raise Unauthenticated
        return ServiceCaller(name=name, cause=claims.cause, expires=_expires(claims.exp))


BEARER = re.compile(r"^Bearer +([\w.~+/=-]+)$", re.ASCII | re.IGNORECASE)


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header; raises Unauthenticated."""
    found = BEARER.match(authorization or "")
    if found is None:
        raise Unauthenticated
    return found[1]


def _expires(exp: float) -> datetime:
    return datetime.fromtimestamp(exp + LEEWAY_SECONDS, UTC)
