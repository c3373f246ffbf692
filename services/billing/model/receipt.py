"""What a receipt says: an itemised one, of the form that health FSAs and HSAs ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from baton_events.codes import VoidReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from services.billing.model.bill import ChargeRow, Particulars
    from shared.requests.billing import Line

TITLE = "Itemised receipt"
VOID = "VOID"
PAYMENT = "The charge is recorded by the practice. Payment is not collected through this system."
REDUCED = "Reduced since the visit was booked"
WHY = {
    VoidReason.ROUTED_ELSEWHERE: "care was given elsewhere",
    VoidReason.CANCELLED: "the care was cancelled",
    VoidReason.ERROR: "it was entered in error",
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One row: what for, under which billing code, how much."""

    what: str
    code: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The words of a receipt, top to bottom. `void` says since when and why nothing is owed, if it was given up."""

    practice: Sequence[str]
    facts: Sequence[tuple[str, str]]
    items: Sequence[Item]
    total: str
    void: str | None
    notes: Sequence[str]


def written(charge: ChargeRow, lines: Sequence[Line], named: Particulars) -> Receipt:
    """The receipt for the charge; the same words whenever it is asked for. Days are the patient's own."""
    zone = ZoneInfo(named.time_zone)
    return Receipt(
        practice=(named.practice, named.address, named.phone),
        facts=(
            ("Receipt number", str(charge.id)),
            ("Patient", named.patient),
            ("Provider", f"{named.provider}, {named.credential}"),
            ("Date of service", day(charge.served_at, zone)),
            ("Date of charge", day(charge.recorded_at, zone)),
        ),
        items=tuple(_items(charge, lines)),
        total=dollars(charge.cents),
        void=_void(charge, zone),
        notes=(PAYMENT,),
    )


def _items(charge: ChargeRow, lines: Sequence[Line]) -> Iterator[Item]:
    """What was locked, and what is less of it, so that the amounts come to what was charged."""
    for line in lines:
        yield Item(what=line.what, code=line.code or "", amount=dollars(line.cents))
    less = sum(line.cents for line in lines) - charge.cents
    if less > 0:
        yield Item(what=REDUCED, code="", amount=f"-{dollars(less)}")


def dollars(cents: int) -> str:
    """An amount as it is written in the United States."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """The day at that moment where the patient is, by its full name."""
    local = moment.astimezone(zone)
    return f"{local:%B} {local.day}, {local.year}"


def _void(charge: ChargeRow, zone: ZoneInfo) -> str | None:
    if charge.voided_at is None or charge.void_reason is None:
        return None
    return f"Voided on {day(charge.voided_at, zone)}: {WHY[charge.void_reason]}. Nothing is owed: {dollars(0)}."
