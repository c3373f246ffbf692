"""Every secret of one installation, made once, kept in files only their owner can read."""

from __future__ import annotations

import secrets

import nkeys


def new_seed() -> bytes:
    """A new NATS user's seed; its public half goes into the server's configuration."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed
