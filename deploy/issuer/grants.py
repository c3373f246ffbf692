"""Grants: a code for a password, tokens for a code, new tokens for a refresh token."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from deploy.issuer import store
from deploy.issuer.mint import ACCESS_SECONDS, id_token, mint

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from joserfc.jwk import Key

    from deploy.issuer.accounts import Standing
    from deploy.issuer.request import Authorize
    from deploy.issuer.settings import Settings
    from deploy.issuer.store import Session, Store
    from shared.clock import Clock

CODE_SECONDS = 60
SESSION_SECONDS = 12 * 3600
REFRESH_AGAIN_SECONDS = 10


class GrantRefused(Exception):
    """The code or refresh token does not hold, or does not hold any more."""


class Grants:
    """Gives out codes and tokens and keeps who is signed in."""

    def __init__(
        self, *, settings: Settings, store: Store, key: Key, clock: Clock, standing: Callable[[UUID], Standing]
    ) -> None:
        self._settings = settings
        self._store = store
        self._key = key
        self._clock = clock
        self._standing = standing

    async def code(self, request: Authorize, name: str, person: UUID) -> str:
        """A code for somebody whose password was right, good once and for a minute."""
        now = self._clock().timestamp()
        token = secrets.token_urlsafe(32)
        session = store.Session(
            id=str(uuid4()),
            person=person,
            name=name,
            client=request.client_id,
            scope=request.scope,
            nonce=request.nonce,
            signed_in=now,
            ends_at=now + SESSION_SECONDS,
        )
        code = store.Code(session.id, request.redirect_uri, request.code_challenge, now + CODE_SECONDS)

        def keep(db: sqlite3.Connection) -> None:
            store.add_session(db, session)
            store.add_code(db, token, code)

        await self._store.run(keep)
        return token

    async def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Tokens for a code; raises GrantRefused. A code shown twice ends the session it began."""
        now, token = self._clock().timestamp(), form.get("code", "")

        def use(db: sqlite3.Connection) -> tuple[Session, str] | None:
            code = store.code(db, token)
            session = store.session(db, code.session) if code else None
            if code is None or session is None:
                return None
            if code.used_at is not None:
                store.revoke(db, session.id, now)
                return None
            store.use_code(db, token, now)
            if code.expires_at <= now or session.client != form.get("client_id"):
                return None
            if code.redirect != form.get("redirect_uri") or not proves(form.get("code_verifier", ""), code.challenge):
                return None
            return session, self._new_refresh(db, session)

        return self._tokens(await self._store.run(use))

    async def refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        """New tokens for a refresh token; raises GrantRefused.

        Each is good once. One that is shown again later than a lost answer would explain was copied: its session ends.
        """
        now, token = self._clock().timestamp(), form.get("refresh_token", "")

        def use(db: sqlite3.Connection) -> tuple[Session, str] | None:
            found = store.refresh(db, token)
            session = store.session(db, found[0]) if found else None
            if found is None or session is None or session.client != form.get("client_id"):
                return None
            if found[1] is not None and now - found[1] > REFRESH_AGAIN_SECONDS:
                store.revoke(db, session.id, now)
                return None
            if session.revoked_at is not None or session.ends_at <= now:
                return None
            store.use_refresh(db, token, now)
            return session, self._new_refresh(db, session)

        return self._tokens(await self._store.run(use))

    def _new_refresh(self, db: sqlite3.Connection, session: Session) -> str:
        token = secrets.token_urlsafe(32)
        store.add_refresh(db, token, session.id)
        return token

    def _tokens(self, granted: tuple[Session, str] | None) -> dict[str, Any]:
        if granted is None:
            raise GrantRefused
        session, refresh_token = granted
        now, issuer, standing = self._clock(), self._settings.issuer, self._standing(session.person)
        return {
            "access_token": mint(
                self._key,
                issuer=issuer,
                audience=self._settings.audience,
                person=session.person,
                roles=standing.roles,
                teams=standing.teams,
                now=now,
                client=session.client,
                scope=session.scope,
            ),
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "refresh_token": refresh_token,
            "scope": session.scope,
            "id_token": id_token(
                self._key,
                issuer=issuer,
                client=session.client,
                person=session.person,
                name=session.name,
                signed_in=datetime.fromtimestamp(session.signed_in, UTC),
                now=now,
                nonce=session.nonce,
            ),
        }


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def proves(verifier: str, challenge: str) -> bool:
    """Whether who shows the verifier is who sent the challenge."""
    return hmac.compare_digest(challenge_of(verifier), challenge)
