"""An opener of layout v1 that knows only the design's text and c2sp.org/chunked-encryption, nothing of our code."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK, TAG = 16 * 1024, 16
HEADER = 20


@dataclass(frozen=True)
class Room:
    """One group: who and what it belongs to, and its keys by their ids."""

    practice: UUID
    patient: UUID
    group: UUID
    keys: Mapping[bytes, bytes]

    def opened(self, sealed: bytes, *, kind: int, object_: UUID, author: UUID, sequence: int, revision: int) -> bytes:
        """What was sealed as exactly this: version u8 | suite u8 | kind u16 | key id 16 | the cipher's output."""
        assert sealed[:4] == b"\x01\x01" + kind.to_bytes(2, "big")
        context = b"phi/v1\0" + sealed[:HEADER]
        for name in (self.practice, self.patient, self.group, object_, author):
            context += name.bytes
        context += sequence.to_bytes(8, "big") + revision.to_bytes(4, "big")
        assert len(context) == 119
        return decrypted(self.keys[sealed[4:HEADER]], sealed[HEADER:], context)


def decrypted(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """HKDF-Expand with SHA-512, a commitment to the key, AES-256-GCM in chunks of 16 KiB."""
    salt, commitment, rest = sealed[:24], sealed[24:56], sealed[56:]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    first = hmac.digest(key, info + b"\1", hashlib.sha512)
    derived = first + hmac.digest(key, first + info + b"\2", hashlib.sha512)
    assert hmac.compare_digest(commitment, derived[44:76])
    opened, number, chunk = b"", 0, b""
    while number == 0 or len(chunk) == CHUNK:
        nonce = int.from_bytes(derived[32:44], "big") ^ number
        start = number * (CHUNK + TAG)
        chunk = AESGCM(derived[:32]).decrypt(nonce.to_bytes(12, "big"), rest[start : start + CHUNK + TAG], None)
        opened, number = opened + chunk, number + 1
    assert rest[number * (CHUNK + TAG) :] == b""
    return opened
