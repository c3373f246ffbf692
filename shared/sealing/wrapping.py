"""Keys under keys: what is bound to a wrapped patient key and to a wrapped group key."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.sealing import cipher

if TYPE_CHECKING:
    from uuid import UUID

PATIENT_KEY = b"phi/patient-key/v1\0"
GROUP_KEY = b"phi/group-key/v1\0"
GENERATION = struct.Struct(">I")


@dataclass(frozen=True)
class Wrapped:
    """A key under the KEK named `kek`."""

    kek: str
    wrapped: bytes


def patient_context(practice: UUID, service: str, patient: UUID) -> bytes:
    """Bound to a patient key under its KEK; the service's name stands last, so the encoding is unambiguous."""
    return PATIENT_KEY + practice.bytes + patient.bytes + service.encode()


def group_context(practice: UUID, patient: UUID, group: UUID, key: UUID, generation: int) -> bytes:
    """Bound to a group key under its patient key."""
    return GROUP_KEY + practice.bytes + patient.bytes + group.bytes + key.bytes + GENERATION.pack(generation)


def wrap(key: bytes, under: bytes, context: bytes) -> bytes:
    """`key`, encrypted."""
    return cipher.encrypt(under, key, context)


def unwrap(wrapped: bytes, under: bytes, context: bytes) -> bytes:
    """The key again; raises SealBroken when it is not this one in this place."""
    return cipher.decrypt(under, wrapped, context)


def wrap_group(key: bytes, patient_key: bytes, share: bytes, context: bytes) -> bytes:
    """A group key under the patient key and, around that, under the keystore's share: neither opens it alone."""
    return wrap(wrap(key, patient_key, context), share, context)


def unwrap_group(wrapped: bytes, patient_key: bytes, share: bytes | None, context: bytes) -> bytes:
    """The group key again; a key from before there were shares has none."""
    inner = wrapped if share is None else unwrap(wrapped, share, context)
    return unwrap(inner, patient_key, context)
