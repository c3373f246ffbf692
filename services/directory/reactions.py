"""What directory does about others' events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.booking import AppointmentBooked
from baton_events.codes import RelationshipSource
from services.directory.operations.begin import confirm
from shared import audit
from shared.app import Reaction

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


REACTIONS = (Reaction(AppointmentBooked, appointment_booked),)
