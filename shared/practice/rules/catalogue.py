"""What the practice offers: visit types, orders, what is due, pharmacies and medications that fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.identity.people import Role
from shared.practice.files import called
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.practice.model import Practice

SIMULATOR = "{simulator}"


def visit_types(practice: Practice) -> Iterable[Problem]:
    """Somebody here can hold every visit, and the patient is told what to do before it."""
    specialties = {member.specialty for member in practice.staff.values() if Role.CLINICIAN in member.roles}
    for visit_type in practice.visit_types.values():
        if not visit_type.kinds:
            yield Problem(
                "visit-types.toml", called(visit_type), "takes place nowhere.", "List 'office', 'video' or both."
            )
        if not specialties & set(visit_type.specialties):
            do = "List a specialty that a clinician in staff.toml has."
            yield Problem("visit-types.toml", called(visit_type), "no clinician has one of its specialties.", do)
        if not visit_type.guidance:
            do = "Say what to bring and what to expect."
            yield Problem("visit-types.toml", called(visit_type), "has no guidance for the patient.", do)


def one_visit_type_a_phrase(practice: Practice) -> Iterable[Problem]:
    """A phrase chooses one visit type."""
    chosen: dict[str, str] = {}
    for visit_type in practice.visit_types.values():
        for phrase in visit_type.phrases:
            other = chosen.setdefault(phrase.casefold().strip(), visit_type.code)
            if other != visit_type.code:
                wrong = f"the phrase '{phrase}' already chooses '{other}'."
                yield Problem("visit-types.toml", called(visit_type), wrong, "Keep it in one of them.")


def one_visit_type_for_the_rest(practice: Practice) -> Iterable[Problem]:
    """Exactly one visit type has no phrases and takes every reason that no phrase fits."""
    for_the_rest = [visit_type.code for visit_type in practice.visit_types.values() if not visit_type.phrases]
    if len(for_the_rest) != 1:
        wrong = f"{len(for_the_rest)} visit types have no phrases: {', '.join(for_the_rest) or 'none'}."
        do = "Exactly one takes the reasons that no phrase fits."
        yield Problem("visit-types.toml", "", wrong, do)


def due_rules(practice: Practice) -> Iterable[Problem]:
    """A rule is settled by a visit or an order, applies to somebody, and says where it comes from."""
    for rule in practice.due_rules:
        if rule.order is not None and rule.order not in practice.orderables:
            do = "Use the code of an entry in orderables.toml."
            yield Problem("due-rules.toml", called(rule), f"'{rule.order}' cannot be ordered.", do)
        if rule.youngest > rule.oldest:
            wrong = f"no one is at least {rule.youngest} and at most {rule.oldest}."
            yield Problem("due-rules.toml", called(rule), wrong, "Exchange 'youngest' and 'oldest'.")
        if not rule.source.startswith("https://"):
            do = "Give the https:// address of the recommendation."
            yield Problem("due-rules.toml", called(rule), "does not say where it comes from.", do)


def pharmacies(practice: Practice) -> Iterable[Problem]:
    """Pharmacies are reached over TLS, except the stack's own simulator."""
    if not practice.pharmacies:
        yield Problem("pharmacies.toml", "", "there is no pharmacy.", "Add at least one.")
    for pharmacy in practice.pharmacies.values():
        if not pharmacy.url.startswith(("https://", f"{SIMULATOR}/")):
            wrong = f"'{pharmacy.url}' is not an address prescriptions may go to."
            yield Problem("pharmacies.toml", called(pharmacy), wrong, "Use an https:// address.")


def medications(practice: Practice) -> Iterable[Problem]:
    """RxNorm codes are numbers, each used once, and a price is more than nothing."""
    used: dict[str, str] = {}
    for medication in practice.medications.values():
        if not medication.rxnorm.isdecimal():
            do = "Look it up in RxNav; it is a number."
            yield Problem("medications.toml", called(medication), f"'{medication.rxnorm}' is not an RxNorm code.", do)
        other = used.setdefault(medication.rxnorm, medication.code)
        if other != medication.code:
            wrong = f"RxNorm {medication.rxnorm} is already '{other}'."
            yield Problem("medications.toml", called(medication), wrong, "Keep one of them, or correct the code.")
        if medication.unit_cents == 0:
            yield Problem("medications.toml", called(medication), "has no price.", "Set 'unit_cents'.")
