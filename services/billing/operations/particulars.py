"""Ask for what a receipt will name, while it is what it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from services.billing.model.bill import Particulars, Seen
from services.billing.model.refusals import OfficeUnknown, ProviderUnknown
from services.billing.operations.sealed import particulars_of, seal_particulars
from services.billing.store import quotes
from shared.requests.common import OfPatient
from shared.requests.directory import CLINICIANS, PATIENT, FindClinicians

if TYPE_CHECKING:
    from uuid import UUID

    from shared.app import Ground
    from shared.requests.directory import ClinicianCard, Clinicians


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
    named = _named(found)
    return Particulars(
        practice=ground.practice.name,
        address=place.address,
        phone=place.phone,
        patient=card.name,
        provider=named.name,
        credential=named.credential,
        time_zone=time_zone or card.time_zone,
    )


async def seen_by(ground: Ground, *, patient: UUID, case: UUID, clinician: UUID, cause: UUID) -> Seen | None:
    """The clinician by name, where the price of the case is locked with another; none otherwise."""
    async with ground.db.reading() as tx:
        locks = await quotes.locks(tx, None, case)
    if not locks or locks[0].provider == clinician:
        return None
    found = await ground.bus.call_as_self(CLINICIANS, FindClinicians(clinician=clinician), cause=cause)
    named, keys = _named(found), await ground.sealing.keys(patient, patient)
    kept = particulars_of(keys, locks[0])
    now = msgspec.structs.replace(kept, provider=named.name, credential=named.credential)
    return Seen(provider=clinician, particulars=seal_particulars(keys, locks[0].quote, clinician, now))


def _named(found: Clinicians) -> ClinicianCard:
    if not found.clinicians:
        raise ProviderUnknown(field="provider")
    return found.clinicians[0]
