"""A price, its lock and its charge as the records have them, and where a price stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from baton_events.codes import VoidReason
from shared.requests.billing import Line, QuoteStatus


@dataclass(frozen=True, kw_only=True)
class QuoteRow:
    """A price; `lines` are sealed."""

    id: UUID
    patient: UUID
    cents: int
    lines: bytes
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class LockRow:
    """A price kept for one case with one provider; `particulars` are sealed."""

    quote: UUID
    patient: UUID
    cents: int
    care_case: UUID
    provider: UUID
    particulars: bytes
    locked_at: datetime
    voided_at: datetime | None = None
    void_reason: VoidReason | None = None


@dataclass(frozen=True, kw_only=True)
class ChargeRow:
    """What was charged against a lock, for what `provider` did; `particulars` are sealed."""

    id: UUID
    quote: UUID
    patient: UUID
    cents: int
    provider: UUID
    particulars: bytes
    served_at: datetime
    recorded_at: datetime
    voided_at: datetime | None = None
    void_reason: VoidReason | None = None


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """What was heard of a consult or an appointment: that it took place, that it was given up."""

    id: UUID
    patient: UUID
    served_at: datetime | None
    given_up_at: datetime | None
    given_up_for: VoidReason | None


@dataclass(frozen=True, kw_only=True)
class Bill:
    """A price with what became of it."""

    quote: QuoteRow
    lock: LockRow | None = None
    charge: ChargeRow | None = None

    def status(self, now: datetime) -> QuoteStatus:
        """Where the price stands; a charge that was given up counts as the price given up."""
        if self.void_reason is not None:
            return QuoteStatus.VOIDED
        if self.charge is not None:
            return QuoteStatus.CHARGED
        if self.lock is not None:
            return QuoteStatus.LOCKED
        return QuoteStatus.LAPSED if now >= self.quote.expires_at else QuoteStatus.OPEN

    @property
    def void_reason(self) -> VoidReason | None:
        """Why it was given up, if it was."""
        given_up = self.charge or self.lock
        return given_up.void_reason if given_up else None


class Particulars(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt names, as it was when the price was locked. `time_zone` is where the patient is."""

    practice: str
    address: str
    phone: str
    patient: str
    provider: str
    credential: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Who saw the patient instead of the one with whom the price was locked; `particulars` are sealed."""

    provider: UUID
    particulars: bytes


def total(lines: list[Line]) -> int:
    """What all of it costs together."""
    return sum(line.cents for line in lines)
