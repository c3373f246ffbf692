"""What billing publishes: prices shown, locked, charged and given up."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import Time, VoidReason


@published("billing", "quote.made", entity="quote")
class QuoteMade(Event, frozen=True, kw_only=True):
    """A price was shown, valid until `expires`."""

    quote: UUID
    patient: UUID
    expires: Time


@published("billing", "quote.locked", entity="quote")
class QuoteLocked(Event, frozen=True, kw_only=True):
    """Nothing above this price can be charged."""

    quote: UUID
    patient: UUID


@published("billing", "quote.voided", entity="quote")
class QuoteVoided(Event, frozen=True, kw_only=True):
    """The locked price was given up before anything was charged."""

    quote: UUID
    patient: UUID
    reason: VoidReason


@published("billing", "charge.recorded", entity="charge")
class ChargeRecorded(Event, frozen=True, kw_only=True):
    """A charge stands against a locked quote."""

    charge: UUID
    quote: UUID
    patient: UUID


@published("billing", "charge.voided", entity="charge")
class ChargeVoided(Event, frozen=True, kw_only=True):
    """The charge no longer stands."""

    charge: UUID
    quote: UUID
    patient: UUID
    reason: VoidReason
