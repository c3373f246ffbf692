"""The way to PostgreSQL and to the issuer's keys: plain nearby, verified TLS beyond."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from shared.network import require_encryption, require_https
from shared.settings import SettingsWrong

FAR = pytest.raises(SettingsWrong, match="BATON_DATABASE_URL")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", nullcontext()),
        ("postgresql://booking@/booking?host=/var/run/postgresql", nullcontext()),
        ("postgresql://booking@127.0.0.1:5432/booking", nullcontext()),
        ("postgresql://booking@[::1]:5432/booking", nullcontext()),
        ("postgresql://booking@postgres/booking", nullcontext()),
        ("postgresql://booking@10.1.2.3/booking", nullcontext()),
        ("postgresql://booking@db.example.org/booking?sslmode=verify-full", nullcontext()),
        ("postgresql://booking@db.example.org/booking", FAR),
        ("postgresql://booking@db.example.org/booking?sslmode=require", FAR),
        ("postgresql://booking@8.8.8.8/booking", FAR),
        ("postgresql://booking@/booking?host=127.0.0.1,8.8.8.8", FAR),
    ],
)
def test_what_leaves_the_private_network_is_encrypted_and_verified(url: str, expected: object) -> None:
    with expected:  # type: ignore[attr-defined]
        require_encryption("BATON_DATABASE_URL", url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/oidc/jwks", nullcontext()),
        ("http://gateway:8080/oidc/jwks", nullcontext()),
        ("file:///somewhere/jwks", nullcontext()),
        ("https://login.example.org/jwks", nullcontext()),
        ("http://login.example.org/jwks", pytest.raises(SettingsWrong, match="BATON_JWKS_URL")),
        ("http://8.8.8.8/jwks", pytest.raises(SettingsWrong, match="BATON_JWKS_URL")),
    ],
)
def test_the_issuers_keys_are_not_fetched_in_the_clear_from_afar(url: str, expected: object) -> None:
    with expected:  # type: ignore[attr-defined]
        require_https("BATON_JWKS_URL", url)
