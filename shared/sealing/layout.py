r"""Layout v1 of a sealed value: the header that is stored and the context that is bound to it and not stored.

Big-endian. Header: version u8 | suite u8 | kind u16 | key id 16. Context, 119 bytes: `"phi/v1\0"` | header |
practice 16 | patient 16 | group 16 | object 16 | author 16 | sequence u64 | revision u32. Whatever was sealed once
must open for ever: a change is a new version beside this one.
"""

from __future__ import annotations

import struct
from enum import IntEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

VERSION = 1
COBBLESTONE_256 = 1
LABEL = b"phi/v1\0"

HEADER = struct.Struct(">BBH16s")
PLACE = struct.Struct(">QI")
CONTEXT_SIZE = len(LABEL) + HEADER.size + 5 * 16 + PLACE.size


@unique
class Kind(IntEnum):
    """What is sealed; stored with it and bound to it. Numbers are never given to anything else."""

    MESSAGE = 1
    REASON = 2
    GUIDANCE = 3
    SUMMARY = 4
    ORDER = 5
    PRESCRIPTION = 6
    OFFER_SET = 7
    DELIVERY = 8
    DRAFT = 9
    ATTACHMENT = 10
    ATTACHMENT_MANIFEST = 11
    INTAKE = 12
    PLAN = 13
    MEDICATION = 14
    PROBLEM = 15
    NOTE = 16
    PERSON_CONTEXT = 17
    CONTACT = 18
    QUOTE = 19
    PARTICULARS = 20
    ATTACHMENT_LOOK = 21
    HANDING_OVER = 22
    GAP = 23
    OPINION = 24
    OVERRIDE = 25
    WAIT = 26


def header(kind: Kind, key: UUID) -> bytes:
    """The twenty bytes stored before the cipher's output."""
    return HEADER.pack(VERSION, COBBLESTONE_256, kind, key.bytes)


def room(practice: UUID, patient: UUID, group: UUID) -> bytes:
    """The part of the context that a group's keys know beforehand."""
    return practice.bytes + patient.bytes + group.bytes


def context(head: bytes, room: bytes, object: UUID, author: UUID, sequence: int, revision: int) -> bytes:  # noqa: A002 - the design's word
    """The bytes bound to a sealed value: it opens as what it is, where it stood, from whom it came, or not at all."""
    return b"".join((LABEL, head, room, object.bytes, author.bytes, PLACE.pack(sequence, revision)))
