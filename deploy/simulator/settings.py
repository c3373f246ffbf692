"""What the simulator is told by its environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "BATON_SIMULATOR_"
PHARMACIES = Path(__file__).with_name("pharmacies.toml")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`practice_url` is the gateway's address; `folder` keeps what was heard; `pace` multiplies every wait.

    `secrets_file` is the practice's own list: a JSON object from a pharmacy's id to its `whsec_` secret.
    """

    practice_url: str
    secrets_file: Path
    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    pharmacies_file: Path = field(default=PHARMACIES)
    pace: float = 1.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read BATON_SIMULATOR_<FIELD>; a KeyError names what is missing."""
        environment = os.environ if environment is None else environment
        return cls(
            practice_url=environment[f"{PREFIX}PRACTICE_URL"].rstrip("/"),
            secrets_file=Path(environment[f"{PREFIX}SECRETS_FILE"]),
            folder=Path(environment[f"{PREFIX}FOLDER"]),
            host=environment.get(f"{PREFIX}HOST", "127.0.0.1"),
            port=int(environment.get(f"{PREFIX}PORT", "0")),
            pharmacies_file=Path(environment.get(f"{PREFIX}PHARMACIES_FILE", PHARMACIES)),
            pace=float(environment.get(f"{PREFIX}PACE", "1")),
        )

    def secrets(self) -> dict[UUID, str]:
        """Each pharmacy's shared secret."""
        found: dict[str, str] = json.loads(self.secrets_file.read_text(encoding="utf-8"))
        return {UUID(pharmacy): secret for pharmacy, secret in found.items()}
