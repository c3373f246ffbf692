"""What a service needs around it in a test: keys, secrets, tokens, the sample practice, and its environment."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import nkeys
from joserfc.jwk import Key

from deploy.issuer.accounts import standing
from deploy.issuer.mint import mint, new_key
from deploy.secrets import new_seed
from deploy.wires import SERVICES
from shared.identity.keys import new_service_key, public_table, write_private
from shared.practice import Practice, load
from shared.practice.model import Patient, Staff
from shared.sealing import keyring_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PRACTICE_DIR = Path(__file__).resolve().parents[2] / "deploy" / "practice"
ISSUER = "http://127.0.0.1/oidc"


@dataclass(frozen=True)
class Surroundings:
    """The keys and secrets of one test worker, in a folder that goes with it."""

    folder: Path
    practice: Practice
    issuer_key: Key
    nats_users: Mapping[str, str]

    @classmethod
    def make(cls, folder: Path) -> Surroundings:
        """Make every key anew."""
        users: dict[str, str] = {}
        for name in (*SERVICES, "deploy", "ops", "tests"):
            seed = new_seed()
            (folder / f"{name}.seed").write_bytes(seed)
            users[name] = nkeys.from_seed(seed).public_key.decode()
        keys = {name: new_service_key(name) for name in SERVICES}
        for name, key in keys.items():
            write_private(folder / f"{name}.jwk", key)
        (folder / "services.jwks").write_bytes(public_table(keys))
        issuer_key = new_key()
        (folder / "issuer.jwks").write_bytes(msgspec.json.encode({"keys": [issuer_key.as_dict(private=False)]}))
        keyring_file.create(folder / "keyring.json", datetime.now(UTC))
        (folder / "secret").write_text(secrets.token_hex(32))
        return cls(folder, load(PRACTICE_DIR), issuer_key, users)

    def environment(self, service: str, nats_url: str, database_url: str, keystore_url: str) -> dict[str, str]:
        """The variables a service is started with; a service without a database gets empty addresses."""
        return {
            "BATON_PRACTICE_DIR": str(PRACTICE_DIR),
            "BATON_NATS_URL": nats_url,
            "BATON_NATS_SEED_FILE": str(self.folder / f"{service}.seed"),
            "BATON_SERVICE_KEY_FILE": str(self.folder / f"{service}.jwk"),
            "BATON_SERVICE_KEYS_FILE": str(self.folder / "services.jwks"),
            "BATON_ISSUER": ISSUER,
            "BATON_JWKS_URL": (self.folder / "issuer.jwks").as_uri(),
            "BATON_DATABASE_URL": database_url,
            "BATON_KEYSTORE_URL": keystore_url,
            "BATON_DATABASE_CONNECTIONS": "6",
            "BATON_KEYRING_FILE": str(self.folder / "keyring.json"),
            "BATON_IDEMPOTENCY_SECRET_FILE": str(self.folder / "secret"),
            "BATON_OBJECTS_URL": (self.folder / "objects").as_uri(),
            "BATON_OPS_PORT": "0",
            "BATON_RELAY_POLL_SECONDS": "0.2",
            "BATON_DEADLINE_POLL_SECONDS": "0.05",
            "BATON_DRAIN_SECONDS": "5",
        }

    def token(self, who: str | UUID, **claims: object) -> str:
        """An access token of a person of the sample practice, by sign-in name or id; `claims` go to `mint`."""
        person = self.person(who)
        found = standing(self.practice, person)
        assert found is not None, f"{who} is nobody of the sample practice"
        wanted = {"roles": found.roles, "teams": found.teams, "now": datetime.now(UTC), "seconds": 3600.0, **claims}
        return mint(self.issuer_key, issuer=ISSUER, person=person, **wanted)  # type: ignore[arg-type]

    def person(self, who: str | UUID) -> UUID:
        """The id of whoever signs in under this name, such as `maria-lopez`."""
        if isinstance(who, UUID):
            return who
        people: dict[UUID, Staff | Patient] = {**self.practice.staff, **self.practice.patients}
        return next(id_ for id_, person in people.items() if person.name.lower().replace(" ", "-") == who)


class SettableClock:
    """A clock that runs on from wherever it is set, or stands still."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.stands_at: datetime | None = None

    def __call__(self) -> datetime:
        """The present moment."""
        return self.stands_at or datetime.now(UTC) + self.ahead

    def set(self, moment: datetime, *, still: bool = False) -> None:
        """Make it this moment; `still` stops the clock there."""
        self.ahead = moment - datetime.now(UTC)
        self.stands_at = moment if still else None

    def advance(self, by: timedelta) -> None:
        """Move on by this much."""
        self.ahead += by
        self.stands_at = self.stands_at and self.stands_at + by


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These BATON_ variables and no others, while something is built from them."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("BATON_")}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(before)
