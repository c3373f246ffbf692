"""Ask for what a receipt will name, while it is what it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.billing.model.bill import Particulars
from services.billing.model.refusals import OfficeUnknown, ProviderUnknown
from shared.requests.common import OfPatient
from shared.requests.directory import CLINICIANS, PATIENT, FindClinicians

if TYPE_CHECKING:
    from uuid import UUID

    from shared.app import Ground


async def particulars(
    ground: Ground,
    *,
    patient: UUID,
    provider: UUID,
    office: UUID | None,
    time_zone: str | None = None,
    cause: UUID | None = None,
) -> Particulars:
    """Practice, place, patient and provider by name; without an office the practice's first.

    `time_zone` is where the patient is, their own where none is given. Raises ProviderUnknown, OfficeUnknown.
    """
    offices = ground.practice.offices
    if office is not None and office not in offices:
        raise OfficeUnknown(field="office")
    place = offices[office] if office is not None else next(iter(offices.values()))
    card, found = await asyncio.gather(
        ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=cause),
        ground.bus.call_as_self(CLINICIANS, FindClinicians(clinician=provider), cause=cause),
    )
    if not found.clinicians:
        raise ProviderUnknown(field="provider")
    return Particulars(
        practice=ground.practice.name,
        address=place.address,
        phone=place.phone,
        patient=card.name,
        provider=found.clinicians[0].name,
        credential=found.clinicians[0].credential,
        time_zone=time_zone or card.time_zone,
    )
