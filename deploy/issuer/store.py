"""What outlives a restart: codes, sessions with their refresh tokens, accounts made later; tokens only as hashes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, person TEXT NOT NULL, name TEXT NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL,
    nonce TEXT NOT NULL, signed_in REAL NOT NULL, ends_at REAL NOT NULL, revoked_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS code (
    hash BLOB PRIMARY KEY, session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    redirect TEXT NOT NULL, challenge TEXT NOT NULL, expires_at REAL NOT NULL, used_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS refresh (
    hash BLOB PRIMARY KEY, session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE, used_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, person TEXT NOT NULL UNIQUE, password TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Session:
    """Somebody signed in to an app. Times are seconds since 1970."""

    id: str
    person: UUID
    name: str
    client: str
    scope: str
    nonce: str
    signed_in: float
    ends_at: float
    revoked_at: float | None = None


@dataclass(frozen=True)
class Code:
    """An authorization code: for one session, sent to one address, redeemed by who knows the verifier."""

    session: str
    redirect: str
    challenge: str
    expires_at: float
    used_at: float | None = None


class Store:
    """One SQLite file, used from worker threads one at a time."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(SCHEMA)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work in a transaction of its own, off the event loop."""
        return await asyncio.to_thread(self._run, work)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                done = work(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            return done


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


def add_session(db: sqlite3.Connection, session: Session) -> None:
    """Somebody signed in; sessions long over are forgotten."""
    db.execute("DELETE FROM session WHERE ends_at < ?", (session.signed_in - 86400,))
    db.execute(
        "INSERT INTO session (id, person, name, client, scope, nonce, signed_in, ends_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session.id,
            str(session.person),
            session.name,
            session.client,
            session.scope,
            session.nonce,
            session.signed_in,
            session.ends_at,
        ),
    )


def add_code(db: sqlite3.Connection, token: str, code: Code) -> None:
    """A code was given out."""
    db.execute(
        "INSERT INTO code (hash, session, redirect, challenge, expires_at) VALUES (?, ?, ?, ?, ?)",
        (hash_of(token), code.session, code.redirect, code.challenge, code.expires_at),
    )


def code(db: sqlite3.Connection, token: str) -> Code | None:
    """The code, used or not."""
    row = db.execute(
        "SELECT session, redirect, challenge, expires_at, used_at FROM code WHERE hash = ?", (hash_of(token),)
    ).fetchone()
    return Code(*row) if row else None


def use_code(db: sqlite3.Connection, token: str, now: float) -> None:
    """The code was redeemed."""
    db.execute("UPDATE code SET used_at = ? WHERE hash = ?", (now, hash_of(token)))


def session(db: sqlite3.Connection, session_id: str) -> Session | None:
    """The session, ended or not."""
    row = db.execute(
        "SELECT id, person, name, client, scope, nonce, signed_in, ends_at, revoked_at FROM session WHERE id = ?",
        (session_id,),
    ).fetchone()
    return Session(row[0], UUID(row[1]), *row[2:]) if row else None


def revoke(db: sqlite3.Connection, session_id: str, now: float) -> None:
    """The session is over; nothing more is given out for it."""
    db.execute("UPDATE session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, session_id))


def add_refresh(db: sqlite3.Connection, token: str, session_id: str) -> None:
    """A refresh token was given out."""
    db.execute("INSERT INTO refresh (hash, session) VALUES (?, ?)", (hash_of(token), session_id))


def refresh(db: sqlite3.Connection, token: str) -> tuple[str, float | None] | None:
    """The session a refresh token belongs to, and when it was first used."""
    row = db.execute("SELECT session, used_at FROM refresh WHERE hash = ?", (hash_of(token),)).fetchone()
    return (row[0], row[1]) if row else None


def use_refresh(db: sqlite3.Connection, token: str, now: float) -> None:
    """The refresh token was used."""
    db.execute("UPDATE refresh SET used_at = coalesce(used_at, ?) WHERE hash = ?", (now, hash_of(token)))


def add_account(db: sqlite3.Connection, name: str, person: UUID, password: str) -> None:
    """Somebody may sign in from now on; raises sqlite3.IntegrityError when the name or the person has an account."""
    db.execute("INSERT INTO account (name, person, password) VALUES (?, ?, ?)", (name, str(person), password))


def account(db: sqlite3.Connection, name: str) -> tuple[UUID, str] | None:
    """Whose name this is, and the hash of the password."""
    row = db.execute("SELECT person, password FROM account WHERE name = ?", (name,)).fetchone()
    return (UUID(row[0]), row[1]) if row else None
