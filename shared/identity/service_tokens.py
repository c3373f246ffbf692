"""A service's own tokens: signed with its own key, for one other service, because of one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachetools import LRUCache
from joserfc import jwt

from shared.clock import system_clock
from shared.identity.keys import service_kid
from shared.identity.tokens import SERVICE_ALGORITHMS, SERVICE_SECONDS, SERVICE_TYPE

if TYPE_CHECKING:
    from uuid import UUID

    from joserfc.jwk import Key

    from shared.clock import Clock

RENEWED_BEFORE_SECONDS = 60
REMEMBERED = 1024


class ServiceTokens:
    """Signs tokens for `service` and gives the same one again until a minute before it expires."""

    def __init__(self, service: str, key: Key, *, clock: Clock = system_clock) -> None:
        self._service = service
        self._key = key
        self._clock = clock
        self._signed: LRUCache[tuple[str, UUID | None], tuple[float, str]] = LRUCache(REMEMBERED)

    def token(self, audience: str, cause: UUID | None) -> str:
        """A token for the service `audience`, naming the event that caused the call."""
        now = self._clock().timestamp()
        until, token = self._signed.get((audience, cause), (0.0, ""))
        if now < until:
            return token
        token = self._sign(audience, cause, int(now))
        self._signed[audience, cause] = (now + SERVICE_SECONDS - RENEWED_BEFORE_SECONDS, token)
        return token

    def _sign(self, audience: str, cause: UUID | None, now: int) -> str:
        name = service_kid(self._service)
        header = {"alg": "Ed25519", "kid": name, "typ": SERVICE_TYPE}
        claims = {"iss": name, "sub": name, "aud": audience, "iat": now, "exp": now + SERVICE_SECONDS}
        if cause is not None:
            claims["cause"] = str(cause)
        return jwt.encode(header, claims, self._key, registry=SERVICE_ALGORITHMS)
