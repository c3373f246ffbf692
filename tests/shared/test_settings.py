"""Settings: read from the environment, secrets from files, nothing shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.settings import Settings, SettingsWrong

if TYPE_CHECKING:
    from pathlib import Path

LEAST = {
    "BATON_PRACTICE_DIR": "/practice",
    "BATON_NATS_URL": "nats://127.0.0.1",
    "BATON_SERVICE_KEY_FILE": "/keys/own",
    "BATON_SERVICE_KEYS_FILE": "/keys/all",
    "BATON_ISSUER": "https://issuer",
    "BATON_JWKS_URL": "https://issuer/jwks",
}


class OwnSettings(Settings, frozen=True, kw_only=True):
    service: str = "booking"
    widest: int = 5


def test_a_service_has_its_own_settings_beside_the_common_ones() -> None:
    settings = OwnSettings.from_environment({**LEAST, "BATON_WIDEST": "7", "BATON_NATS_SEED_FILE": "/keys/seed"})
    assert (settings.service, settings.widest, str(settings.nats_seed_file)) == ("booking", 7, "/keys/seed")
    assert not settings.keeps_records


def test_a_secret_comes_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://booking:hidden@db/booking\n")
    settings = OwnSettings.from_environment({**LEAST, "BATON_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database_url == "postgresql://booking:hidden@db/booking"
    assert settings.keeps_records
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("missing", LEAST)
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(SettingsWrong, match=missing):
        OwnSettings.from_environment({name: value for name, value in LEAST.items() if name != missing})


def test_what_is_wrong_is_named_without_its_value() -> None:
    with pytest.raises(SettingsWrong, match="BATON_WIDEST") as wrong:
        OwnSettings.from_environment({**LEAST, "BATON_WIDEST": "hidden"})
    assert "hidden" not in str(wrong.value)
    assert wrong.value.__cause__ is None
