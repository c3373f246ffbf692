"""What directory does about others' events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.booking import AppointmentBooked
from baton_events.codes import RelationshipSource
from baton_events.common import ERASURE_CONFIRMED, ErasureConfirmed
from services.directory.model.erasure import KEEPERS
from services.directory.operations import erasures
from services.directory.operations.begin import confirm
from shared import audit
from shared.app import Reaction
from shared.erasing import erasing

if TYPE_CHECKING:
    from shared.app import Ground, Received
    from shared.database import Tx


async def appointment_booked(ground: Ground, tx: Tx, got: Received[AppointmentBooked], _: None) -> None:
    """The booked clinician treats the patient from now on, also when the registration was never seen or has lapsed."""
    booked, now = got.event, ground.clock()
    source = RelationshipSource.BOOKING
    if await confirm(tx, booked.relationship, booked.patient, booked.clinician, source, now):
        await audit.record_reaction(
            tx,
            "directory",
            got.id,
            now,
            "write",
            booked.kind.name,
            patient=booked.patient,
            object=booked.relationship,
        )


async def erasure_confirmed(ground: Ground, tx: Tx, got: Received[ErasureConfirmed], _: None) -> None:
    """One service less to wait for."""
    await erasures.confirm(tx, got.event.erasure, got.event.patient, got.event.service, ground.clock())


REACTIONS = (
    Reaction(AppointmentBooked, appointment_booked),
    erasing(erasures.blank),
    *(Reaction(ERASURE_CONFIRMED[service], erasure_confirmed) for service in sorted(KEEPERS)),
)
