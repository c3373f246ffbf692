"""What a consequence is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from services.messaging.model.threads import ThreadNow
    from services.messaging.operations.post import Letter
    from shared.database import Tx
    from shared.errors import Refusal
    from shared.requests.people import MetEmergency


@dataclass(frozen=True)
class Placed:
    """A letter that may be posted, with its thread as it stood before all that share the transaction, and its place.

    `emergency` is for a consequence to say whom it called, for the author to be told.
    """

    letter: Letter
    thread: ThreadNow
    sequence: int
    emergency: list[MetEmergency] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """When it takes its place."""
        return self.thread.moment(self.letter.call.now)


async def nothing_against(_: Any, __: Placed) -> None:
    """No refusal."""


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """Something beside the thread that some letters settle.

    `concerns` looks at the letter only, so that the others cost nothing. `refuses` is asked of every consequence
    before any of them acts, since the letters that share a transaction must not undo each other; `settle` acts.
    With `corrections` it is asked also when a message is written anew: its letter as it stands now, at its old place.
    """

    concerns: Callable[[Placed], bool]
    settle: Callable[[Tx, Placed], Awaitable[None]]
    refuses: Callable[[Tx, Placed], Awaitable[Refusal | None]] = nothing_against
    corrections: bool = False


async def settled(tx: Tx, placed: Placed, among: Iterable[Consequence]) -> Refusal | None:
    """Have everything that the letter concerns settled, or nothing and the refusal."""
    concerned = [one for one in among if one.concerns(placed)]
    for consequence in concerned:
        against = await consequence.refuses(tx, placed)
        if against is not None:
            return against
    for consequence in concerned:
        await consequence.settle(tx, placed)
    return None
