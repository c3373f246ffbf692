"""Prescriptions as the tests have them signed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from baton_events.codes import RelationshipSource
from shared.requests import pharmacy as ask
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship

if TYPE_CHECKING:
    from tests.support.stack import Stack

MARIA, JONAS, AISHA, SAMIRA = "maria-lopez", "jonas-weber", "aisha-khan", "samira-khan"
BEN, AMARA, CHEN = "ben-whitfield", "amara-okafor", "chen-liu"
DOSAGE = "Take one tablet by mouth twice a day with food"


async def treats(s: Stack, clinician: str, patient: str) -> None:
    """Begin a treatment relationship as booking would."""
    await s.ask(
        REGISTER_RELATIONSHIP,
        RegisterRelationship(
            relationship=uuid4(),
            patient=s.person(patient),
            clinician=s.person(clinician),
            source=RelationshipSource.BOOKING,
            lapses_at=s.clock() + timedelta(days=1),
        ),
        service="booking",
    )


def prescription(s: Stack, patient: str = MARIA, **more: Any) -> ask.SignPrescription:
    """What a prescriber asks for."""
    wanted: dict[str, Any] = {
        "patient": s.person(patient),
        "medication": "naproxen-500",
        "dosage": DOSAGE,
        "quantity": 20,
        "refills": 1,
        **more,
    }
    return ask.SignPrescription(**wanted)


async def signed(s: Stack, patient: str = MARIA, *, by: str = BEN, **more: Any) -> ask.PrescriptionRoute:
    """A prescription signed by a clinician who treats the patient, to the pharmacy given or the patient's own."""
    await treats(s, by, patient)
    return await s.ask(ask.SIGN, prescription(s, patient, **more), as_=by)


async def fill(s: Stack, routing: UUID) -> str:
    """Where the routing stands."""
    status: str = await s.fetchval("pharmacy", "SELECT status FROM routing WHERE id = $1", routing)
    return status


async def until_fill(s: Stack, routing: UUID, status: str, seconds: float = 10.0) -> None:
    """Wait until the routing stands there."""

    async def stands() -> bool:
        return await fill(s, routing) == status

    await s.until(stands, seconds)


async def routing_after(s: Stack, routing: UUID, seconds: float = 10.0) -> tuple[UUID, UUID]:
    """Wait until the prescription has moved on from this routing: the next routing and its pharmacy."""
    query = """
    SELECT n.id, n.pharmacy FROM routing r
      JOIN routing n ON n.prescription = r.prescription AND n.generation = r.generation + 1
     WHERE r.id = $1
    """

    async def found() -> list[UUID]:
        return [value for row in await s.fetch("pharmacy", query, routing) for value in row]

    following, pharmacy = await s.until(found, seconds)
    return following, pharmacy


async def told(s: Stack, prescription: UUID) -> list[str]:
    """What the stream says about the prescription, in order, by the events' short names."""
    await s.quiet()
    return [
        ".".join(envelope.type.split(".")[-2:])
        for _, envelope in await s.stream.envelopes("care.pharmacy.>")
        if envelope.subject == prescription
    ]
