"""What pharmacy's operations stand on beside the common ground."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from services.pharmacy.model.refusals import PharmacyUnknown
from services.pharmacy.settings import PharmacySettings
from services.pharmacy.store import preferences
from shared.app import Ground

if TYPE_CHECKING:
    from shared.practice.model import PharmacyPartner


@dataclass(frozen=True, kw_only=True)
class PharmacyGround(Ground):
    """`partners` are the pharmacies that share a secret with the practice; the others cannot be reached.

    `posting` is set when there is a message to send, `moving` when a problem waits for another pharmacy.
    """

    settings: PharmacySettings
    secrets: dict[UUID, str] = field(repr=False)
    partners: dict[UUID, PharmacyPartner]
    posting: asyncio.Event = field(default_factory=asyncio.Event)
    moving: asyncio.Event = field(default_factory=asyncio.Event)

    def partner(self, pharmacy: UUID) -> PharmacyPartner:
        """A pharmacy the practice sends to; raises PharmacyUnknown."""
        partner = self.partners.get(pharmacy)
        if partner is None:
            raise PharmacyUnknown(field="pharmacy")
        return partner


async def stand(ground: Ground) -> PharmacyGround:
    """Make pharmacy's ground of the common one; gives the practice's patients their pharmacies, once."""
    settings = ground.settings
    assert isinstance(settings, PharmacySettings)
    shared = await asyncio.to_thread(settings.partner_secrets_file.read_bytes)
    secrets = msgspec.json.decode(shared, type=dict[UUID, str])
    known = [(p.id, p.pharmacy, p.farthest_kilometres) for p in ground.practice.patients.values() if p.pharmacy]
    async with ground.db.transaction() as tx:
        await preferences.load(tx, known, ground.clock())
    return PharmacyGround(
        **{f.name: getattr(ground, f.name) for f in fields(Ground)},
        secrets=secrets,
        partners={id_: partner for id_, partner in ground.practice.pharmacies.items() if id_ in secrets},
    )
