"""Who directory's tests talk about, and what they ask again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from baton_events.booking import AppointmentBooked
from baton_events.codes import RelationshipSource, VisitKind
from baton_events.messaging import ConsultRequested
from shared.requests.directory import RegisterRelationship

OAKLAND = UUID("0ff1ce00-0000-4000-8000-000000000001")
AMARA = UUID("c1111c00-0000-4000-8000-000000000001")
BEN = UUID("c1111c00-0000-4000-8000-000000000002")
DANA = UUID("c1111c00-0000-4000-8000-000000000003")
CHEN = UUID("c1111c00-0000-4000-8000-000000000004")
MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
JONAS = UUID("9a71e000-0000-4000-8000-000000000002")
AISHA = UUID("9a71e000-0000-4000-8000-000000000003")
SAMIRA = UUID("9a71e000-0000-4000-8000-000000000004")
NOOR = UUID("57aff000-0000-4000-8000-000000000001")


def registration(
    clinician: UUID = BEN, patient: UUID = MARIA, lapses: timedelta = timedelta(minutes=15)
) -> RegisterRelationship:
    """A relationship that a booking is about to begin."""
    return RegisterRelationship(
        relationship=uuid4(),
        patient=patient,
        clinician=clinician,
        source=RelationshipSource.BOOKING,
        lapses_at=datetime.now(UTC) + lapses,
    )


def booked(asked: RegisterRelationship) -> AppointmentBooked:
    """The booking that confirms the relationship."""
    start = datetime.now(UTC) + timedelta(hours=1)
    return AppointmentBooked(
        appointment=uuid4(),
        patient=asked.patient,
        clinician=asked.clinician,
        office=OAKLAND,
        visit_kind=VisitKind.OFFICE,
        start=start,
        end=start + timedelta(minutes=20),
        relationship=asked.relationship,
        prepare_owner=f"team:front-desk:{OAKLAND}",
        prepare_due=start,
    )


def consult_of(asked: RegisterRelationship) -> ConsultRequested:
    """The consult that confirms the relationship."""
    return ConsultRequested(
        consult=uuid4(),
        thread=uuid4(),
        patient=asked.patient,
        clinician=asked.clinician,
        answer_owner=f"clinician:{asked.clinician}",
        answer_due=datetime.now(UTC) + timedelta(hours=4),
        relationship=asked.relationship,
    )
