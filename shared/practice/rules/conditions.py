"""Conditions treated by message: for somebody, at a price, with what stops them and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.practice.files import condition_file
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.practice.model import Practice


def for_somebody(practice: Practice) -> Iterable[Problem]:
    """Somebody is of the age and in a state where the practice is open."""
    for code, condition in practice.conditions.items():
        file = condition_file(code)
        if condition.youngest > condition.oldest:
            wrong = f"no one is at least {condition.youngest} and at most {condition.oldest}."
            yield Problem(file, "ages", wrong, "Exchange 'youngest' and 'oldest'.")
        if condition.states is not None and not condition.states:
            do = "List states, or leave 'states' out for all the practice is open in."
            yield Problem(file, "states", "is treated in no state.", do)
        for state in sorted((condition.states or frozenset()) - practice.states):
            do = "Open the state in practice.toml, or take it out here."
            yield Problem(file, "states", f"{state} is not among the practice's states.", do)


def at_a_price(practice: Practice) -> Iterable[Problem]:
    """The message and the visit offered instead have a price, and nobody pays more for having asked first."""
    for code, condition in practice.conditions.items():
        file = condition_file(code)
        for field in ("message_price_cents", "visit_price_cents"):
            if getattr(condition, field) == 0:
                yield Problem(file, field, "is nothing.", "Set a price.")
        if condition.message_price_cents > condition.visit_price_cents:
            yield Problem(file, "message_price_cents", "is more than the visit costs.", "Exchange the two prices.")
        visit_type = practice.visit_types.get(condition.visit_type)
        if visit_type is None:
            do = "Use the code of an entry in visit-types.toml."
            yield Problem(file, "visit_type", f"there is no visit type '{condition.visit_type}'.", do)
        elif condition.visit_price_cents > visit_type.price_cents:
            wrong = f"is more than the same visit costs when booked directly, {visit_type.price_cents}."
            yield Problem(file, "visit_price_cents", wrong, "Lower it.")


def one_condition_a_name(practice: Practice) -> Iterable[Problem]:
    """A patient can tell conditions apart by their names."""
    named: dict[str, str] = {}
    for code, condition in practice.conditions.items():
        other = named.setdefault(condition.name.casefold().strip(), code)
        if other != code:
            wrong = f"'{condition.name}' is already the name of '{other}'."
            yield Problem(condition_file(code), "name", wrong, "Give it a name of its own.")


def sources(practice: Practice) -> Iterable[Problem]:
    """A guideline is named, and the public catalogue for what is said to be confirmed."""
    for code, condition in practice.conditions.items():
        file = condition_file(code)
        shown = {source.shows for source in condition.sources}
        if "guideline" not in shown:
            do = "Add the public recommendation its questions and flags follow."
            yield Problem(file, "sources", "no guideline is named.", do)
        if condition.basis == "confirmed" and "catalogue" not in shown:
            do = "Add the page that shows it, or set 'basis' to 'own'."
            yield Problem(file, "sources", "no public catalogue confirms it.", do)
        for source in condition.sources:
            if not source.url.startswith("https://"):
                yield Problem(file, "sources", f"'{source.url}' is not a public page.", "Give its https:// address.")


def something_stops_it(practice: Practice) -> Iterable[Problem]:
    """Every condition has questions, red flags and answers that a message cannot treat."""
    for code, condition in practice.conditions.items():
        for field, missing in (
            ("questions", "nothing is asked."),
            ("red_flags", "no answer is an alarm."),
            ("unsuitable", "nothing is beyond treatment by message."),
        ):
            if not getattr(condition, field):
                yield Problem(condition_file(code), field, missing, "Add at least one.")
