"""What billing is asked: a price that cannot change, its lock for one case, what was charged, and a receipt for it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from baton_events.codes import VoidReason
from shared.identity.people import Role
from shared.requests.common import Cents, Code, Content, Moment, OfPatient, ShortWords
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})

Price = Annotated[int, Meta(ge=0, le=10_000_000, description="US cents, at most 100,000 dollars.")]


class QuoteStatus(StrEnum):
    """Where a price stands."""

    OPEN = "open"
    LOCKED = "locked"
    CHARGED = "charged"
    VOIDED = "voided"
    LAPSED = "lapsed"


class Line(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is paid for, as the receipt will say it, and how much. `code` is a billing code such as a CPT code."""

    what: ShortWords
    cents: Price
    code: Code | None = None


class NewQuote(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price to be shown until `expires_at`. `quote` is chosen by the caller, so that a repeat is the same quote."""

    quote: UUID
    lines: Annotated[list[Line], Meta(min_length=1, max_length=20)]
    expires_at: Moment


class MakeQuotes(Ask, frozen=True, kw_only=True):
    """Prices for one patient, to be shown before they choose."""

    patient: UUID
    quotes: Annotated[list[NewQuote], Meta(min_length=1, max_length=12)]


class QuotesMade(Done, frozen=True, kw_only=True):
    """They stand, and nobody can change them."""

    quotes: list[UUID]


class LockQuote(Ask, frozen=True, kw_only=True):
    """Keep the price for one consult or appointment (`case`) with one provider; `office` is where, if anywhere."""

    quote: UUID
    patient: UUID
    case: UUID
    provider: UUID
    office: UUID | None = None


class QuoteLocked(Done, frozen=True, kw_only=True):
    """Nothing above `cents` can be charged for the case."""

    quote: UUID
    cents: Cents


class OfQuote(Ask, frozen=True, kw_only=True):
    """A question about one price."""

    quote: UUID


class Quote(Answer, frozen=True, kw_only=True):
    """A price as it was shown. `case` is the consult or appointment it is locked for."""

    quote: UUID
    patient: UUID
    status: QuoteStatus
    lines: list[Line]
    cents: Cents
    expires_at: datetime
    case: UUID | None
    provider: UUID | None
    locked_at: datetime | None
    void_reason: VoidReason | None


class Charge(Answer, frozen=True, kw_only=True):
    """What was charged for a case; recorded, not collected by this system. `served_at` is the day of service.

    `lines` are the price as it was locked, `cents` at most their sum: less where the appointment moved to a lower one.
    """

    charge: UUID
    quote: UUID
    patient: UUID
    case: UUID
    provider: UUID
    lines: list[Line]
    cents: Cents
    served_at: datetime
    recorded_at: datetime
    voided_at: datetime | None
    void_reason: VoidReason | None


class Charges(Answer, frozen=True, kw_only=True):
    """Newest first."""

    charges: list[Charge]


class VoidCharge(Ask, frozen=True, kw_only=True):
    """Give the charge up, for a reason."""

    charge: UUID
    reason: VoidReason


class ChargeState(Done, frozen=True, kw_only=True):
    """Where the charge stands."""

    charge: UUID
    voided_at: datetime


class OfCharge(Ask, frozen=True, kw_only=True):
    """A question about one charge."""

    charge: UUID


MAKE_QUOTES = operation(
    Operation(
        "billing",
        "make-quotes",
        MakeQuotes,
        QuotesMade,
        command=True,
        services=frozenset({"messaging"}),
        largest=128 * 1024,
    ),
)
LOCK_QUOTE = operation(
    Operation("billing", "lock-quote", LockQuote, QuoteLocked, command=True, services=frozenset({"messaging"})),
)
QUOTE = operation(Operation("billing", "quote", OfQuote, Quote, roles=PATIENTS))
CHARGES = operation(Operation("billing", "charges", OfPatient, Charges, roles=PATIENTS))
VOID_CHARGE = operation(
    Operation("billing", "void-charge", VoidCharge, ChargeState, command=True, roles=frozenset({Role.SUPPORT})),
)
RECEIPT = operation(Operation("billing", "receipt", OfCharge, Content, roles=PATIENTS))
