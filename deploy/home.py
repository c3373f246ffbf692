"""Where one installation keeps its things: everything lies under one folder, BATON_HOME."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_PRACTICE = Path(__file__).resolve().parent / "practice"


@dataclass(frozen=True)
class ServiceFiles:
    """The files of one service, readable by it alone."""

    folder: Path

    @property
    def nats_seed(self) -> Path:
        """The seed of its NATS user."""
        return self.folder / "nats.seed"

    @property
    def key(self) -> Path:
        """The private key that signs its own tokens and audit checkpoints."""
        return self.folder / "service-key.json"

    @property
    def keys(self) -> Path:
        """The public keys of every service."""
        return self.folder / "service-keys.json"

    @property
    def keyring(self) -> Path:
        """The key-encryption keys its patients' keys are under."""
        return self.folder / "keyring.json"

    @property
    def idempotency_secret(self) -> Path:
        """What requests are fingerprinted with."""
        return self.folder / "idempotency.secret"

    @property
    def partner_secrets(self) -> Path:
        """The secrets shared with partner pharmacies."""
        return self.folder / "partner-secrets.json"

    @property
    def database_url(self) -> Path:
        """The address of its database, with its password."""
        return self.folder / "database.url"

    @property
    def keystore_url(self) -> Path:
        """The address of its keystore, with its password."""
        return self.folder / "keystore.url"


@dataclass(frozen=True)
class Home:
    """The folders of one installation."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """BATON_HOME, or `.baton` beside the code."""
        return cls(Path(os.environ.get("BATON_HOME", ROOT / ".baton")).expanduser().resolve())

    def service(self, name: str) -> ServiceFiles:
        """The files of one service."""
        return ServiceFiles(self.root / "keys" / name)

    def nats_seed(self, user: str) -> Path:
        """The seed of a NATS user, service or not."""
        return self.service(user).nats_seed

    def password(self, role: str) -> Path:
        """The password of a PostgreSQL role."""
        return self.root / "keys" / "postgres" / f"{role}.password"

    @property
    def postgres_server_password(self) -> Path:
        """The superuser's password once more, for the container of a PostgreSQL that is not embedded."""
        return self.root / "keys" / "postgres-server" / "password"

    @property
    def nats_url(self) -> Path:
        """The file that holds the address of the nats-server."""
        return self.root / "keys" / "nats.url"

    @property
    def subscribers(self) -> Path:
        """The other teams' consumers, a JSON file."""
        return self.root / "nats" / "subscribers.json"

    @property
    def nats_config(self) -> Path:
        """The generated configuration of the nats-server."""
        return self.root / "nats" / "nats.conf"

    @property
    def nats_users(self) -> Path:
        """The generated list of who may sign in there, included in the configuration."""
        return self.root / "nats" / "users.conf"

    @property
    def nats_pid(self) -> Path:
        """The pid of the embedded nats-server."""
        return self.root / "run" / "nats.pid"

    @property
    def objects(self) -> Path:
        """Sealed files, in parts."""
        return self.root / "objects"

    @property
    def logs(self) -> Path:
        """A log file for each process."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What belongs to the stack as it runs: lock, ports, pids."""
        return self.root / "run"


def practice_dir() -> Path:
    """The practice's data: BATON_PRACTICE_DIR, or the sample."""
    return Path(os.environ.get("BATON_PRACTICE_DIR", SAMPLE_PRACTICE)).expanduser().resolve()
