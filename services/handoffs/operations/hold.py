"""Whose work it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import NotFound

if TYPE_CHECKING:
    from services.handoffs.model import Held
    from shared.call import Call


def require_held(held: Held | None, call: Call) -> Held:
    """The entry, if the caller acts for its owner; to everybody else it does not exist (NotFound)."""
    if held is None or held.owner not in call.person.owners:
        raise NotFound
    return held
