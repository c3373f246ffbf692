"""What pharmacy does about others' events: nothing yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.app import Reaction

REACTIONS: tuple[Reaction, ...] = ()
