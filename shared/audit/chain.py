"""The hash chain: what is hashed of a stored row, how a link follows from the one before, what a signature covers."""

from __future__ import annotations

import hashlib
import struct
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from shared.audit.store import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from baton_events.common import AuditCheckpointed
    from shared.audit.store import Stored

GENESIS = hashlib.sha256(b"baton/audit/v1\0").digest()
NUMBERS = struct.Struct(">qqQ")
POSITION = struct.Struct(">Q")
LENGTH = struct.Struct(">I")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ABSENT = b"\0"
PRESENT = b"\1"


def encode(row: Stored) -> bytes:
    """Every stored column, so that no two rows read the same: numbers in full, the rest with mark and length."""
    at = (row.at - EPOCH) // timedelta(microseconds=1)
    return NUMBERS.pack(row.id, at, row.tx) + b"".join(
        (
            _text(row.actor),
            _id(row.cause),
            _id(row.patient),
            _text(row.action),
            _text(row.operation),
            _id(row.object),
            _text(row.range),
            _text(row.trace),
        ),
    )


def follow(before: bytes, position: int, row: Stored) -> bytes:
    """The hash at `position`, after the hash `before`."""
    return hashlib.sha256(before + POSITION.pack(position) + encode(row)).digest()


def signed(position: int, head: bytes) -> bytes:
    """What a checkpoint's signature covers: `position`, a colon and the head in hex."""
    return f"{position}:{head.hex()}".encode()


def sign(key: Ed25519PrivateKey, position: int, head: bytes) -> Checkpoint:
    """A checkpoint by the service's own key."""
    return Checkpoint(position, head, key.sign(signed(position, head)))


def announced(event: AuditCheckpointed) -> Checkpoint:
    """The checkpoint that an event of the stream tells of; one that is not well-formed comes out unsigned."""
    try:
        return Checkpoint(event.position, bytes.fromhex(event.head), urlsafe_b64decode(event.signature + "=="))
    except ValueError:
        return Checkpoint(event.position, b"", b"")


def is_signed(checkpoint: Checkpoint, keys: Sequence[Ed25519PublicKey]) -> bool:
    """Whether one of the service's keys, present or past, signed the checkpoint."""
    for key in keys:
        try:
            key.verify(checkpoint.signature, signed(checkpoint.position, checkpoint.head))
        except InvalidSignature:
            continue
        return True
    return False


def _text(text: str | None) -> bytes:
    return ABSENT if text is None else _field(text.encode())


def _id(id_: UUID | None) -> bytes:
    return ABSENT if id_ is None else _field(id_.bytes)


def _field(value: bytes) -> bytes:
    return PRESENT + LENGTH.pack(len(value)) + value
