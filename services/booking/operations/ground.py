"""What booking's operations stand on beside the common ground."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from services.booking.model.tokens import offer_key
from shared.app import Ground
from shared.emergency import heard

if TYPE_CHECKING:
    from uuid import UUID

    from shared.sealing import GroupKeys


@dataclass(frozen=True, kw_only=True)
class BookingGround(Ground):
    """`offer_key` signs offers; every instance derives the same from the secret they share."""

    offer_key: bytes = field(repr=False)

    async def keys(self, patient: UUID) -> GroupKeys:
        """The keys of what the patient wrote to book: one group of records for each patient."""
        return await self.sealing.keys(patient, patient)


async def stand(ground: Ground) -> BookingGround:
    """Make booking's ground of the common one; the rule that hears emergencies is built here, not in a request."""
    heard("", ground.practice.emergency)
    return BookingGround(
        **{f.name: getattr(ground, f.name) for f in fields(Ground)},
        offer_key=offer_key(ground.bus.secret),
    )
