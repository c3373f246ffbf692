"""Meeting rooms: a link that lets one person into one call for a while. Jitsi with signed rooms is the first provider.

Jitsi's tokens: https://jitsi.github.io/handbook/docs/devops-guide/token-authentication
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from uuid import UUID

GOOD_FOR = timedelta(hours=1)


class MeetingRooms(Protocol):
    """A provider of video rooms."""

    def link(self, call: UUID, person: UUID, *, host: bool, now: datetime) -> str:
        """An address that lets this person, and nobody else, into the room of the call."""
        ...


@dataclass(frozen=True)
class JitsiRooms:
    """Rooms of a Jitsi server that lets in who shows a token signed with the secret it shares with the practice.

    Room names cannot be guessed and say nothing; a token names nobody.
    """

    url: str
    app: str
    secret: bytes = field(repr=False)

    def link(self, call: UUID, person: UUID, *, host: bool, now: datetime) -> str:
        """The room's address with a token good for an hour."""
        room = hmac.digest(self.secret, b"room" + call.bytes, "sha256")[:16].hex()
        claims = {
            "aud": "jitsi",
            "iss": self.app,
            "sub": urlsplit(self.url).hostname,
            "room": room,
            "nbf": int((now - timedelta(seconds=30)).timestamp()),
            "exp": int((now + GOOD_FOR).timestamp()),
            "context": {"user": {"id": hmac.digest(self.secret, person.bytes, "sha256")[:16].hex(), "moderator": host}},
        }
        token = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(self.secret))
        return f"{self.url.rstrip('/')}/{room}?jwt={token}"
