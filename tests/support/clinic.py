"""A small service for tests of the ground itself: it runs as booking, reacts to check-ins, and fires one deadline.

Its work is a row in `effect`, without any constraint that would hide work done twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.booking import VideoLeft, VideoRequested
from baton_events.visits import VisitCheckedIn
from shared.app import App, Reaction
from shared.deadlines import set_deadline
from shared.errors import Conflict
from shared.outbox import announce
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from shared.app import Ground, Received
    from shared.database import Tx
    from shared.deadlines import Deadline
    from tests.support.stack import Open, Stack

SERVICE = "booking"
TABLES = "CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL, entity uuid NOT NULL)"
CALL_BACK = "call-back"
MAY_1 = datetime(2027, 5, 1, 12, tzinfo=UTC)


class Unwilling(Conflict):
    """The work refuses this event."""

    code = "unwilling"


class ClinicSettings(Settings, frozen=True, kw_only=True):
    """The common settings."""

    service: str = "booking"


@dataclass
class Clinic:
    """What the service's work meets: visits it refuses, and something to do before or within the work.

    With `prepares` false there is nothing to do before, so that events that wait share a transaction.
    """

    prepares: bool = True
    refused: set[UUID] = field(default_factory=set)
    before: Callable[[], Awaitable[None]] | None = None
    within: Callable[[], Awaitable[None]] | None = None
    seen: list[UUID] = field(default_factory=list)

    def build(self) -> App:
        """Wire it."""
        return App(
            settings=ClinicSettings.from_environment(),
            reactions=(Reaction(VisitCheckedIn, self.check_in, self.prepare if self.prepares else None),),
            deadlines={CALL_BACK: call_back},
        )

    async def prepare(self, _: Ground, received: Received[VisitCheckedIn]) -> str:
        """Come to the work."""
        self.seen.append(received.event.visit)
        if self.before is not None:
            await self.before()
        return "prepared"

    async def check_in(self, ground: Ground, tx: Tx, received: Received[VisitCheckedIn], ready: str | None) -> None:
        """Note it, announce it, and set a deadline, unless the visit is refused."""
        assert ready == ("prepared" if self.prepares else None)
        if self.within is not None:
            await self.within()
        if received.event.visit in self.refused:
            raise Unwilling
        await note(tx, "check-in", received.event.visit)
        await announce(tx, requested(received.event.visit), ground.clock())
        await set_deadline(tx, CALL_BACK, received.event.visit, received.event.room_due)


async def call_back(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """Note it and announce it."""
    await note(tx, "call-back", deadline.entity)
    await announce(tx, VideoLeft(video=deadline.entity, patient=PATIENT), ground.clock())


async def note(tx: Tx, what: str, entity: UUID) -> None:
    """One row for each time the work is done."""
    await tx.execute("INSERT INTO effect (what, entity) VALUES ($1, $2)", what, entity)


PATIENT = UUID("9a71e000-0000-4000-8000-000000000001")
OFFICE = UUID("0ff1ce00-0000-4000-8000-000000000001")


def checked_in(visit: UUID | None = None, patient: UUID = PATIENT) -> VisitCheckedIn:
    """A check-in whose room is due in ten minutes, long after any test."""
    return VisitCheckedIn(
        visit=visit or uuid4(),
        appointment=uuid4(),
        patient=patient,
        office=OFFICE,
        room_owner=f"team:room:{OFFICE}",
        room_due=datetime.now(UTC) + timedelta(minutes=10),
    )


def requested(video: UUID, patient: UUID = PATIENT) -> VideoRequested:
    """An event of the service's own."""
    return VideoRequested(
        video=video, patient=patient, connect_owner="team:clinicians-on-call", connect_due=MAY_1 + timedelta(hours=1)
    )


def at_work(
    stack: Open,
    clinic: Clinic | None = None,
    *,
    duplicate_window: float = 600.0,
    ack_wait: float = 30.0,
    start: bool = True,
    **variables: str,
) -> AbstractAsyncContextManager[Stack]:
    """A stack of the clinic alone, with these settings."""
    return stack(
        apps={SERVICE: (clinic or Clinic()).build},
        tables={SERVICE: TABLES},
        variables={f"BATON_{name.upper()}": value for name, value in variables.items()},
        duplicate_window=duplicate_window,
        ack_wait=ack_wait,
        start=start,
    )
