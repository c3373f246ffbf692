"""Who treats by message, and at what price, by the practice's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from shared.practice.conditions import Condition
    from shared.practice.model import Practice


def treats_by_message(practice: Practice, clinician: UUID) -> bool:
    """Whether the clinician takes consults."""
    member = practice.staff.get(clinician)
    return member is not None and member.consults


def price_cents(practice: Practice, clinician: UUID, condition: Condition) -> int:
    """What the condition costs by message with this clinician."""
    return practice.staff[clinician].consult_prices.get(condition.code, condition.message_price_cents)
