"""What a consequence is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.messaging.model.threads import ThreadNow
    from services.messaging.operations.post import Letter
    from shared.database import Tx
    from shared.errors import Refusal


@dataclass(frozen=True)
class Placed:
    """A letter that may be posted, with its thread as it stood before it and the place it takes there."""

    letter: Letter
    thread: ThreadNow
    sequence: int


async def nothing_against(_: Any, __: Placed) -> None:
    """No refusal."""


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """Something beside the thread that some letters settle.

    `concerns` looks at the letter only, so that the others cost nothing. `refuses` is asked of every consequence
    before any of them acts, since the letters that share a transaction must not undo each other; `settle` acts.
    """

    concerns: Callable[[Placed], bool]
    settle: Callable[[Tx, Placed], Awaitable[None]]
    refuses: Callable[[Tx, Placed], Awaitable[Refusal | None]] = nothing_against
