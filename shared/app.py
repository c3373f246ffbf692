"""What a service is made of: the ground it stands on and the tables that wire it. `shared.run` brings it to life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from baton_events import Event
from shared.requests import Answer, Ask, Operation

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime
    from uuid import UUID

    from shared.bus import Bus
    from shared.call import Call
    from shared.clock import Clock
    from shared.database import Database, Tx
    from shared.deadlines import Deadline
    from shared.practice import Practice
    from shared.sealing import Sealing
    from shared.settings import Settings

E = TypeVar("E", bound=Event)
G = TypeVar("G", bound="Ground")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What every operation, reaction and deadline of a service is handed."""

    settings: Settings
    db: Database
    bus: Bus
    sealing: Sealing
    clock: Clock
    practice: Practice


@dataclass(frozen=True, kw_only=True)
class Received(Generic[E]):
    """An event as it arrived."""

    id: UUID
    event: E
    time: datetime
    sequence: int
    stream_sequence: int


Handler = Callable[[Any, "Call", Any], Awaitable[Answer]]
Prepare = Callable[[Any, Received[Any]], Awaitable[Any]]
Apply = Callable[[Any, "Tx", Received[Any], Any], Awaitable[None]]
Fire = Callable[[Any, "Tx", "Deadline"], Awaitable[None]]
Worker = Callable[[Any, "asyncio.Event"], Awaitable[None]]


@dataclass(frozen=True)
class Reaction:
    """What a service does about an event, correct in any order and any number of times.

    `prepare` runs before the transaction opens and may ask other services or unwrap keys; `apply` runs in the
    transaction that also marks the event as handled, and gets what `prepare` gave.
    """

    event: type[Event]
    apply: Apply
    prepare: Prepare | None = None


@dataclass(frozen=True, kw_only=True)
class App:
    """A service, wired: its operations, reactions, deadlines and workers.

    `ground` may make a richer ground of the common one. A worker runs until its event is set.
    """

    settings: Settings
    operations: Mapping[Operation[Any, Any], Handler] = field(default_factory=dict)
    reactions: tuple[Reaction, ...] = ()
    deadlines: Mapping[str, Fire] = field(default_factory=dict)
    workers: tuple[Worker, ...] = ()
    ground: Callable[[Ground], Awaitable[Ground]] | None = None


__all__ = ["Answer", "App", "Apply", "Ask", "Fire", "Ground", "Handler", "Prepare", "Reaction", "Received", "Worker"]
