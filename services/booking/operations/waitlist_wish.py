"""What somebody waits for, sealed and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.booking.model.wish import Wish
from shared.sealing import Kind

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.store.waitlist import WaitRow
    from shared.sealing import GroupKeys


def seal(keys: GroupKeys, wish: Wish, wait: UUID, author: UUID, revision: int = 0) -> bytes:
    """The wish as it is kept."""
    plain = msgspec.json.encode(wish)
    return keys.seal(plain, kind=Kind.WAIT, object=wait, author=author, revision=revision)


def opened(keys: GroupKeys, wait: WaitRow) -> Wish:
    """The wish as it was last made."""
    plain = keys.open(wait.sealed, kind=Kind.WAIT, object=wait.id, author=wait.author, revision=wait.revision)
    return msgspec.json.decode(plain, type=Wish)
