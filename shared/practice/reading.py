"""Reading a practice: `load` for services, which refuse one that is wrong, and `check` for whoever writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.practice.files import LISTS, called, file_of, read
from shared.practice.model import Practice
from shared.practice.problems import PracticeWrong, Problem
from shared.practice.rules import RULES, out_of_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

KEYED_BY_ID = ("offices", "staff", "patients", "pharmacies")
KEYED_BY_CODE = ("visit_types", "orderables", "medications", "conditions")


def load(folder: Path) -> Practice:
    """The practice in the folder's files; raises PracticeWrong with everything that is wrong with them."""
    practice, problems = _read(folder)
    if practice is None or problems:
        raise PracticeWrong(problems)
    return practice


def check(folder: Path, today: date) -> list[Problem]:
    """Everything that is wrong with the practice, also what has only become wrong by `today`, by file."""
    practice, problems = _read(folder)
    if practice is not None:
        problems += out_of_date(practice, today)
    return sorted(problems)


def _read(folder: Path) -> tuple[Practice | None, list[Problem]]:
    found = read(folder)
    problems = [*found.problems, *_twice(found.lists)]
    head, emergency = found.singles.get("practice"), found.singles.get("emergency")
    if head is None or emergency is None:
        return None, problems
    keyed = {kind: {entry.id: entry for entry in found.lists[kind]} for kind in KEYED_BY_ID}
    coded = {kind: {entry.code: entry for entry in found.lists[kind]} for kind in KEYED_BY_CODE}
    practice = Practice(
        id=head.id,
        name=head.name,
        states=head.states,
        support_hours=head.support_hours,
        holidays=head.holidays,
        travel_minutes=head.travel_minutes,
        video_guidance=head.video_guidance,
        emergency=emergency,
        shifts=found.lists["shifts"],
        due_rules=found.lists["due_rules"],
        **keyed,
        **coded,
    )
    if found.problems:
        return practice, problems
    return practice, [*problems, *(problem for rule in RULES for problem in rule(practice))]


def _twice(lists: dict[str, list[Any]]) -> Iterable[Problem]:
    seen: dict[str, str] = {}
    for kind in LISTS:
        for entry in lists[kind]:
            key = getattr(entry, "id", None) or getattr(entry, "code", None)
            if key is None:
                continue
            own = str(key) if hasattr(entry, "id") else f"{kind} {key}"
            if own in seen:
                wrong = f"{key} is already used in {seen[own]}."
                yield Problem(file_of(kind), called(entry), wrong, "Give every entry an id or code of its own.")
            seen.setdefault(own, file_of(kind))
