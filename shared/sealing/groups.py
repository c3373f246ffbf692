"""The keys of one thread or record group, by generation; sealing and opening with them is computation only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from shared.sealing import cipher, layout
from shared.sealing.refusals import SealBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.sealing.layout import Kind


@dataclass(frozen=True, kw_only=True)
class GroupKeys:
    """Every generation opens, `newest` seals.

    A generation seals only when it is older than any cached GroupKeys can be (see `shared.sealing.service`), so a key
    id that is unknown here belongs to another group or to nobody: the seal is broken.
    """

    practice: UUID
    patient: UUID
    group: UUID
    generations: Mapping[bytes, bytes] = field(repr=False)
    newest: UUID
    room: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "room", layout.room(self.practice, self.patient, self.group))

    def seal(
        self,
        plain: bytes,
        *,
        kind: Kind,
        object: UUID,  # noqa: A002 - the design's word
        author: UUID,
        sequence: int = 0,
        revision: int = 0,
    ) -> bytes:
        """Header and ciphertext, to be stored."""
        head = layout.header(kind, self.newest)
        context = layout.context(head, self.room, object, author, sequence, revision)
        return head + cipher.encrypt(self.generations[self.newest.bytes], plain, context)

    def open(
        self,
        sealed: bytes,
        *,
        kind: Kind,
        object: UUID,  # noqa: A002 - the design's word
        author: UUID,
        sequence: int = 0,
        revision: int = 0,
    ) -> bytes:
        """What was sealed as exactly this; raises SealBroken for anything else."""
        head = sealed[: layout.HEADER.size]
        if len(head) < layout.HEADER.size:
            raise SealBroken
        version, suite, stored_kind, key_id = layout.HEADER.unpack(head)
        key = self.generations.get(key_id)
        if (version, suite, stored_kind) != (layout.VERSION, layout.COBBLESTONE_256, kind) or key is None:
            raise SealBroken
        context = layout.context(head, self.room, object, author, sequence, revision)
        return cipher.decrypt(key, sealed[layout.HEADER.size :], context)
