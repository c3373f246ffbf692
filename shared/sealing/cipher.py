"""The one place that calls the cipher: C2SP chunked encryption as `cryptography` implements it (Cobblestone-256)."""

from __future__ import annotations

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from shared.sealing.refusals import SealBroken


def new_key() -> bytes:
    """32 random bytes."""
    return Cobblestone256Encryptor.generate_key()


def encrypt(key: bytes, plain: bytes, context: bytes) -> bytes:
    """Ciphertext with a fresh random salt and a commitment to key and context."""
    encryptor = Cobblestone256Encryptor(key, context)
    return encryptor.update(plain) + encryptor.finalize()


def decrypt(key: bytes, ciphertext: bytes, context: bytes) -> bytes:
    """The whole plaintext, or SealBroken and nothing of it."""
    decryptor = Cobblestone256Decryptor(key, context)
    try:
        return decryptor.update(ciphertext) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise SealBroken from None
