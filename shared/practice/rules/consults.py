"""Who treats by message: clinicians who prescribe, at prices that are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.identity.people import Role
from shared.practice.conditions import states_of
from shared.practice.files import called
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.practice.model import Practice, Staff


def by_prescribers(practice: Practice) -> Iterable[Problem]:
    """Only clinicians who prescribe take consults; only who takes consults has prices for them."""
    for member in practice.staff.values():
        if member.consults and not (Role.CLINICIAN in member.roles and member.prescribes):
            do = "Add the role and 'prescribes', or remove 'consults'."
            yield Problem("staff.toml", called(member), "takes consults and may not prescribe.", do)
        if member.consult_prices and not member.consults:
            do = "Set 'consults' to true, or remove the prices."
            yield Problem("staff.toml", called(member), "has prices for consults and takes none.", do)


def by_somebody(practice: Practice) -> Iterable[Problem]:
    """Where there are conditions, somebody treats them."""
    if practice.conditions and not any(member.consults for member in practice.staff.values()):
        do = "Set 'consults' to true for the clinicians who treat by message."
        yield Problem("staff.toml", "", "nobody takes consults.", do)


def prices(practice: Practice) -> Iterable[Problem]:
    """A clinician's own prices are for conditions they can treat, more than nothing, and no more than the visit."""
    for member in practice.staff.values() if practice.conditions else ():
        for code, cents in member.consult_prices.items():
            for wrong, do in _wrong_with(practice, member, code, cents):
                yield Problem("staff.toml", called(member), f"'consult_prices' {code}: {wrong}", do)


def _wrong_with(practice: Practice, member: Staff, code: str, cents: int) -> Iterable[tuple[str, str]]:
    condition = practice.conditions.get(code)
    if condition is None:
        yield "there is no such condition.", "Use the code of a file in conditions."
        return
    if cents == 0:
        yield "is nothing.", "Set a price."
    if cents > condition.visit_price_cents:
        yield f"is more than the visit costs, {condition.visit_price_cents}.", "Lower it."
    if not states_of(condition, practice.states) & {licence.state for licence in member.licences}:
        yield "has no licence where it is treated.", "Add the licence, or remove the price."
