"""The way to PostgreSQL: plain nearby, verified TLS beyond."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from shared.network import require_encryption
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
