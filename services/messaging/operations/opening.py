"""Open what a message says now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.sealing import Kind

if TYPE_CHECKING:
    import asyncpg

    from shared.sealing import GroupKeys


def text_of(keys: GroupKeys, row: asyncpg.Record) -> str:
    """What the message of a page says as its author corrected it last; nothing where they took it back."""
    if row["retracted_at"] is not None:
        return ""
    opened = keys.open(
        row["sealed"],
        kind=Kind.MESSAGE,
        object=row["id"],
        author=row["author"],
        sequence=row["sequence"],
        revision=row["revision"],
    )
    return opened.decode()
