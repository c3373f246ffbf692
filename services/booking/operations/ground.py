"""What booking's operations stand on beside the common ground."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from services.booking.model.tokens import offer_key
from services.booking.operations.rooms import JitsiRooms
from services.booking.settings import BookingSettings
from shared.app import Ground
from shared.emergency import heard
from shared.network import require_https
from shared.settings import SettingsWrong

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.operations.rooms import MeetingRooms
    from shared.sealing import GroupKeys


SHORTEST_SECRET = 32
"""Bytes; whoever guesses the secret knows every room's name and lets themselves in (RFC 7518, 3.2)."""


@dataclass(frozen=True, kw_only=True)
class BookingGround(Ground):
    """`offer_key` signs offers; every instance derives the same from the secret they share. `rooms` are for video."""

    offer_key: bytes = field(repr=False)
    rooms: MeetingRooms

    async def keys(self, patient: UUID) -> GroupKeys:
        """The keys of what the patient wrote to book: one group of records for each patient."""
        return await self.sealing.keys(patient, patient)


async def stand(ground: Ground) -> BookingGround:
    """Make booking's ground of the common one; the rule that hears emergencies is built here, not in a request."""
    heard("", ground.practice.emergency)
    settings = ground.settings
    assert isinstance(settings, BookingSettings)
    return BookingGround(
        **{f.name: getattr(ground, f.name) for f in fields(Ground)},
        offer_key=offer_key(ground.bus.secret),
        rooms=await asyncio.to_thread(rooms_of, settings, ground.bus.secret),
    )


def rooms_of(settings: BookingSettings, shared: bytes) -> JitsiRooms:
    """The practice's meeting server; without a secret of its own it is told one that every instance derives alike.

    Raises SettingsWrong for an address in the clear and for a secret that can be guessed.
    """
    require_https("BATON_MEETING_URL", settings.meeting_url)
    file = settings.meeting_secret_file
    secret = file.read_bytes().strip() if file is not None else hmac.digest(shared, b"baton/booking/rooms/v1", "sha256")
    if len(secret) < SHORTEST_SECRET:
        raise SettingsWrong(f"BATON_MEETING_SECRET_FILE must hold at least {SHORTEST_SECRET} bytes")
    return JitsiRooms(settings.meeting_url, settings.meeting_app, secret)
