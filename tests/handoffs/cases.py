"""Events of single cases, as their services would publish them, and what the ledger makes of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from baton_events import booking, messaging, visits
from baton_events.codes import CancelReason, Party, VisitKind
from services.handoffs.operations.record import record
from shared.app import Received

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baton_events import Event
    from services.handoffs.declare import Row
    from shared.database import Database

MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
BEN = UUID("c1111c00-0000-4000-8000-000000000002")
AMARA = UUID("c1111c00-0000-4000-8000-000000000001")
SAN_FRANCISCO = UUID("0ff1ce00-0000-4000-8000-000000000003")
OAKLAND = UUID("0ff1ce00-0000-4000-8000-000000000001")
NOOR = UUID("57aff000-0000-4000-8000-000000000001")
LUIS = UUID("57aff000-0000-4000-8000-000000000002")
MAY_1 = datetime(2027, 5, 1, 15, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """That many minutes into the day of the tests."""
    return MAY_1 + timedelta(minutes=minutes)


def booked(appointment: UUID | None = None) -> booking.AppointmentBooked:
    return booking.AppointmentBooked(
        appointment=appointment or uuid4(),
        patient=MARIA,
        clinician=BEN,
        office=SAN_FRANCISCO,
        visit_kind=VisitKind.OFFICE,
        start=after(60),
        end=after(80),
        relationship=uuid4(),
        prepare_owner=f"team:front-desk:{SAN_FRANCISCO}",
        prepare_due=after(10),
    )


def cancelled(appointment: UUID) -> booking.AppointmentCancelled:
    return booking.AppointmentCancelled(appointment=appointment, patient=MARIA, reason=CancelReason.PATIENT)


def checked_in(
    visit: UUID | None = None, appointment: UUID | None = None, due: datetime | None = None
) -> visits.VisitCheckedIn:
    return visits.VisitCheckedIn(
        visit=visit or uuid4(),
        appointment=appointment or uuid4(),
        patient=MARIA,
        office=SAN_FRANCISCO,
        room_owner=f"team:room:{SAN_FRANCISCO}",
        room_due=due or after(70),
    )


def started(of: visits.VisitCheckedIn) -> visits.VisitStarted:
    return visits.VisitStarted(visit=of.visit, appointment=of.appointment, patient=MARIA, clinician=BEN)


def ended(visit: UUID | None = None, follow_up: datetime | None = None) -> visits.VisitEnded:
    return visits.VisitEnded(
        visit=visit or uuid4(),
        appointment=uuid4(),
        patient=MARIA,
        clinician=BEN,
        clinician_owner=f"clinician:{BEN}",
        summary_due=after(120),
        follow_up_due=follow_up,
    )


def followed_up(visit: UUID, author: UUID = BEN) -> messaging.FollowUpSent:
    return messaging.FollowUpSent(
        visit=visit, patient=MARIA, author=author, author_owner=f"clinician:{author}", thread=uuid4(), message=uuid4()
    )


def ordered(order: UUID | None = None) -> visits.OrderPlaced:
    return visits.OrderPlaced(
        order=order or uuid4(),
        visit=uuid4(),
        patient=MARIA,
        clinician=BEN,
        order_owner=f"team:lab:{SAN_FRANCISCO}",
        order_due=after(15),
    )


def wrote(thread: UUID, party: Party, at: datetime) -> messaging.MessageSent:
    asks = party is Party.PATIENT
    return messaging.MessageSent(
        message=uuid4(),
        thread=thread,
        patient=MARIA,
        author=MARIA if asks else BEN,
        author_party=party,
        thread_sequence=1,
        reply_owner="team:care" if asks else None,
        reply_due=at + timedelta(hours=24) if asks else None,
    )


@dataclass(frozen=True)
class Told:
    """One event of a case as the stream would hold it."""

    event: Event
    at: datetime
    sequence: int
    id: UUID = field(default_factory=uuid4)

    def of_case(self, row: Row, case: UUID) -> Told:
        """The same of another case."""
        carries = getattr(self.event, row.case) is not None
        event = msgspec.structs.replace(self.event, **{row.case: case}) if carries else self.event
        return Told(event, self.at, self.sequence, self.id)

    def received(self) -> Received[Any]:
        return Received(id=self.id, event=self.event, time=self.at, sequence=self.sequence, stream_sequence=0)


@dataclass(frozen=True)
class Ledger:
    """The ledger's own database, without the rest of the service."""

    runner: asyncio.Runner
    db: Database

    def tell(self, row: Row, told: Iterable[Told]) -> None:
        """Tell one row of these events, in this order, each in a transaction of its own."""
        for one in told:
            self.runner.run(self._tell(row, one))

    async def _tell(self, row: Row, told: Told) -> None:
        async with self.db.transaction() as tx:
            await record(tx, row, told.received(), MAY_1)

    def fetch(self, query: str, *args: object) -> list[dict[str, Any]]:
        return self.runner.run(self._fetch(query, *args))

    async def _fetch(self, query: str, *args: object) -> list[dict[str, Any]]:
        async with self.db.transaction() as tx:
            return [dict(row) for row in await tx.fetch(query, *args)]

    def stands(self, row: Row, case: UUID) -> list[dict[str, Any]]:
        """Everything that the ledger holds of a case, without the ids it chose itself."""
        return self.fetch(STANDS, row.name, case)


STANDS = """
SELECT h.opened_at, h.opened_by, h.state, h.settled_by, h.settled_at, h.chased, h.patient,
       (SELECT array_agg((c.owner, c.started_at, c.ended_at, c.how, c.rung, c.due, c.accepted_by)
                         ORDER BY c.started_at, c.number)
          FROM custody c WHERE c.handoff = h.id) AS custody,
       (SELECT array_agg(d.due_at ORDER BY d.due_at) FROM deadline d
         WHERE d.entity = h.id AND d.cancelled_at IS NULL AND d.fired_at IS NULL) AS deadlines
  FROM handoff h
 WHERE h.name = $1 AND h.case_id = $2
 ORDER BY h.opened_at, h.opened_by
"""
