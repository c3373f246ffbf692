"""Offers as they leave the house: packed, bound to a patient, signed; nothing is held until one comes back."""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import VisitKind
from services.booking.model.refusals import OfferAltered, OfferLapsed

if TYPE_CHECKING:
    from services.booking.model.slots import Slot

LABEL = b"baton/booking/offer/v1"
PACKED = struct.Struct(">B16s16s16s16sBQHIQ")
VERSION = 1
KINDS = (VisitKind.OFFICE, VisitKind.VIDEO)
MAC_SIZE = 32
GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a signed offer says. `offer_set` names the wish it was made for. Times are whole seconds, UTC."""

    offer_set: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    minutes: int
    price_cents: int
    lapses_at: datetime

    @property
    def end(self) -> datetime:
        """When the visit is over."""
        return self.start + timedelta(minutes=self.minutes)


def offer_key(secret: bytes) -> bytes:
    """The key that signs offers, derived from a secret that every instance shares."""
    return hmac.digest(secret, LABEL, "sha256")


def held(slot: Slot, *, offer_set: UUID, patient: UUID, price_cents: int, now: datetime) -> Held:
    """An offer of the slot, good for ten minutes and never past its start."""
    return Held(
        offer_set=offer_set,
        patient=patient,
        clinician=slot.clinician,
        office=slot.office,
        kind=slot.kind,
        start=slot.start,
        minutes=slot.minutes,
        price_cents=price_cents,
        lapses_at=min((now + GOOD_FOR).replace(microsecond=0), slot.start),
    )


def sign(key: bytes, offer: Held) -> str:
    """The offer as text, to be given back as it is."""
    packed = PACKED.pack(
        VERSION,
        offer.offer_set.bytes,
        offer.patient.bytes,
        offer.clinician.bytes,
        offer.office.bytes,
        KINDS.index(offer.kind),
        int(offer.start.timestamp()),
        offer.minutes,
        offer.price_cents,
        int(offer.lapses_at.timestamp()),
    )
    return base64.urlsafe_b64encode(packed + hmac.digest(key, packed, "sha256")).decode().rstrip("=")


def verify(key: bytes, text: str) -> Held:
    """The offer that was signed; raises OfferAltered for anything else."""
    try:
        signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise OfferAltered(field="offer") from None
    packed, mac = signed[:-MAC_SIZE], signed[-MAC_SIZE:]
    if len(packed) != PACKED.size or not hmac.compare_digest(hmac.digest(key, packed, "sha256"), mac):
        raise OfferAltered(field="offer")
    _, offer_set, patient, clinician, office, kind, start, minutes, price_cents, lapses = PACKED.unpack(packed)
    return Held(
        offer_set=UUID(bytes=offer_set),
        patient=UUID(bytes=patient),
        clinician=UUID(bytes=clinician),
        office=UUID(bytes=office),
        kind=KINDS[kind],
        start=datetime.fromtimestamp(start, UTC),
        minutes=minutes,
        price_cents=price_cents,
        lapses_at=datetime.fromtimestamp(lapses, UTC),
    )


def check_lapse(offer: Held, now: datetime) -> None:
    """Raise OfferLapsed when the offer can no longer be taken."""
    if now >= offer.lapses_at or now >= offer.start:
        raise OfferLapsed


def appointment_id(key: bytes, caller: str, idempotency_key: str, offer: str) -> UUID:
    """The same for a repeat of the same request, so that what is registered before a crash is found after it."""
    taken = hmac.digest(key, f"{caller}\0{idempotency_key}\0{offer}".encode(), "sha256")
    return UUID(bytes=taken[:16], version=4)


def quote_id(key: bytes, appointment: UUID) -> UUID:
    """The price at which the appointment is booked, under the name that billing keeps it."""
    return UUID(bytes=hmac.digest(key, b"quote" + appointment.bytes, "sha256")[:16], version=4)


def relationship_id(key: bytes, appointment: UUID) -> UUID:
    """The treatment relationship that the appointment starts."""
    return UUID(bytes=hmac.digest(key, b"relationship" + appointment.bytes, "sha256")[:16], version=4)


def relationship_moved(key: bytes, appointment: UUID, offer: str) -> UUID:
    """The treatment relationship that moving the appointment to this offer starts."""
    return UUID(bytes=hmac.digest(key, b"moved" + appointment.bytes + offer.encode(), "sha256")[:16], version=4)
