"""One open stream's ear: what it has still to be told, in bounded memory."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from baton_events.envelope import Envelope
    from shared.passing import SomebodyWrites

MOST_WAITING = 256
MOST_WRITING = 16


@dataclass(frozen=True)
class LiveEvent:
    """An event with its place in the stream."""

    sequence: int
    envelope: Envelope


@dataclass(eq=False)
class Listener:
    """Somebody listening for one patient's events, for changes in the work of some owners, or for both.

    Whoever falls behind is not told one by one: the stream is read from where they stopped, and lists are asked for
    again.
    """

    patient: UUID | None
    owners: frozenset[str]
    behind: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: deque[LiveEvent] = field(default_factory=deque)
    changed: set[str] = field(default_factory=set)
    writing: dict[UUID, SomebodyWrites] = field(default_factory=dict)

    def hear(self, event: LiveEvent) -> None:
        """Something happened to the patient."""
        if len(self.waiting) >= MOST_WAITING:
            self.behind = True
        if not self.behind:
            self.waiting.append(event)
        self.news.set()

    def somebody_writes(self, said: SomebodyWrites) -> None:
        """Somebody is writing to the patient, or the patient to the practice; only the newest word of each counts."""
        if said.person in self.writing or len(self.writing) < MOST_WRITING:
            self.writing[said.person] = said
            self.news.set()

    def work_changed(self, owner: str) -> None:
        """What this owner owes has changed."""
        self.changed.add(owner)
        self.news.set()

    def fell_behind(self) -> None:
        """Something may have been missed."""
        self.behind = self.patient is not None
        self.changed |= self.owners
        self.news.set()

    def catch_up(self) -> None:
        """What happens from now on is heard again; what waited is read from the stream."""
        self.behind = False
        self.waiting.clear()
