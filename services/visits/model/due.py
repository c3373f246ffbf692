"""What is due by the practice's rules."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from shared.practice.model import DueRule


def due(
    rules: Sequence[DueRule], *, born: date, today: date, done: Mapping[str | None, date]
) -> Iterator[tuple[DueRule, date | None]]:
    """The rules that ask for something today, with the day it was last done.

    `done` goes by the order's code; under None stands the last visit, which settles a rule without an order.
    """
    age = age_on(today, born)
    for rule in rules:
        last = done.get(rule.order)
        fits = rule.youngest <= age <= rule.oldest
        if fits and (last is None or months_after(last, rule.months) <= today):
            yield rule, last


def age_on(today: date, born: date) -> int:
    """Completed years of life; who is born on February 29 turns a year older on March 1."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def months_after(day: date, months: int) -> date:
    """The same day that many months later, or the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
