"""A service's sealing as each of its processes has it, on one keyring."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.sealing import (
    KeyringFile,
    Kind,
    Sealing,
    keyring_file,
)

if TYPE_CHECKING:
    from tests.shared.conftest import Kept

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PRACTICE = uuid4()
MESSAGE: dict[str, Any] = {"kind": Kind.MESSAGE, "object": uuid4(), "author": uuid4(), "sequence": 1}


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    keyring_file.create(tmp_path / "keyring.json", NOW)
    return tmp_path / "keyring.json"


def process(kept: Kept, keyring: Path) -> Sealing:
    """The service's sealing as another process would have it."""
    return Sealing(
        service="messaging", practice=PRACTICE, db=kept.db, keystore=kept.keystore, keks=KeyringFile(keyring)
    )
