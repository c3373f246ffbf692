"""Encryption of everything that says something about a person's health; keys that can be rotated and destroyed."""

from shared.sealing.erasure import (
    erase,
    erase_group,
    erased_groups,
    forget_group,
    is_erased,
    mark_erased,
    refuse_erased,
    remember,
)
from shared.sealing.groups import GroupKeys
from shared.sealing.keyring import KeyEncryption, KeyringFile
from shared.sealing.layout import Kind
from shared.sealing.refusals import GroupErased, KeysMissing, KeysUnreachable, PatientErased, SealBroken
from shared.sealing.service import Sealing

__all__ = [
    "GroupErased",
    "GroupKeys",
    "KeyEncryption",
    "KeyringFile",
    "KeysMissing",
    "KeysUnreachable",
    "Kind",
    "PatientErased",
    "SealBroken",
    "Sealing",
    "erase",
    "erase_group",
    "erased_groups",
    "forget_group",
    "is_erased",
    "mark_erased",
    "refuse_erased",
    "remember",
]
