"""Encryption of everything that says something about a person's health; keys that can be rotated and destroyed."""

from shared.sealing.erasure import erase, mark_erased, refuse_erased
from shared.sealing.groups import GroupKeys
from shared.sealing.keyring import KeyEncryption, KeyringFile
from shared.sealing.layout import Kind
from shared.sealing.refusals import KeysMissing, PatientErased, SealBroken
from shared.sealing.service import Sealing

__all__ = [
    "GroupKeys",
    "KeyEncryption",
    "KeyringFile",
    "KeysMissing",
    "Kind",
    "PatientErased",
    "SealBroken",
    "Sealing",
    "erase",
    "mark_erased",
    "refuse_erased",
]
