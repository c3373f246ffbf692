"""Staff and patients: teams that exist, clinicians who may treat where they work, references that lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from msgspec import Meta

from baton_events.codes import Owner
from shared.identity.people import Role
from shared.practice.files import called
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from shared.practice.model import Patient, Practice, Staff

OWNER = re.compile(next(meta.pattern or "" for meta in get_args(Owner) if isinstance(meta, Meta)))


def teams_known(practice: Practice) -> Iterable[Problem]:
    """A member's teams exist, and so does the office of a team of one office."""
    for member in practice.staff.values():
        for team in member.teams:
            name, _, office = team.partition(":")
            if not OWNER.match(f"team:{team}"):
                do = "The teams are listed at the top of the sample's staff.toml."
                yield Problem("staff.toml", called(member), f"there is no team '{team}'.", do)
            elif office and office not in map(str, practice.offices):
                wrong = f"team '{name}' is of an office that does not exist."
                yield Problem("staff.toml", called(member), wrong, "Use the id of an office in offices.toml.")


def clinicians_complete(practice: Practice) -> Iterable[Problem]:
    """A clinician has a credential and a specialty; nobody else has hours or prescribes."""
    for member in practice.staff.values():
        if Role.CLINICIAN in member.roles:
            for field in ("credential", "specialty"):
                if not getattr(member, field):
                    yield Problem("staff.toml", called(member), f"a clinician needs '{field}'.", "Add it.")
            if member.credential and member.credential not in {"MD", "DO", "NP", "PA"}:
                wrong = f"'{member.credential}' is not a credential this practice knows."
                yield Problem("staff.toml", called(member), wrong, "Use MD, DO, NP or PA.")
        elif member.hours or member.prescribes or member.video:
            do = "Add the role, or remove 'hours', 'prescribes' and 'video'."
            yield Problem("staff.toml", called(member), "only clinicians see patients and prescribe.", do)


def licences(practice: Practice) -> Iterable[Problem]:
    """A clinician holds a licence for the state of every office they have hours at, and only for known states."""
    for member in practice.staff.values():
        held = {licence.state for licence in member.licences}
        if Role.CLINICIAN in member.roles and not held:
            do = "Add at least one, or nobody can be booked with them."
            yield Problem("staff.toml", called(member), "has no licence.", do)
        for state in sorted(held - practice.states):
            do = "Open the state in practice.toml, or remove the licence."
            yield Problem(
                "staff.toml", called(member), f"has a licence for {state}, where the practice is not open.", do
            )
        for state in sorted(_states_worked_in(practice, member) - held):
            do = "Add the licence, or move the hours to another office."
            yield Problem("staff.toml", called(member), f"has hours in {state} and no licence for it.", do)


def patients(practice: Practice) -> Iterable[Problem]:
    """What a patient's entry refers to exists, and their own clinician may treat them."""
    for patient in practice.patients.values():
        yield from _own_clinician(practice, patient)
        if patient.pharmacy is not None and patient.pharmacy not in practice.pharmacies:
            do = "Use the id of a pharmacy in pharmacies.toml."
            yield Problem("patients.toml", called(patient), f"there is no pharmacy {patient.pharmacy}.", do)
        for proxy in patient.proxies:
            if proxy not in practice.patients or proxy == patient.id:
                do = "A proxy is another person of patients.toml."
                yield Problem("patients.toml", called(patient), f"{proxy} cannot be their proxy.", do)


def out_of_date(practice: Practice, today: date) -> Iterable[Problem]:
    """Licences that have expired by `today`."""
    for member in practice.staff.values():
        for licence in member.licences:
            if licence.expires < today:
                wrong = f"the licence for {licence.state} expired on {licence.expires}."
                yield Problem("staff.toml", called(member), wrong, "Renew it here, or remove it.")


def _own_clinician(practice: Practice, patient: Patient) -> Iterable[Problem]:
    if patient.own_clinician is None:
        return
    clinician = practice.staff.get(patient.own_clinician)
    if clinician is None or Role.CLINICIAN not in clinician.roles:
        do = "Use the id of a clinician in staff.toml."
        yield Problem("patients.toml", called(patient), f"there is no clinician {patient.own_clinician}.", do)
    elif patient.state not in {licence.state for licence in clinician.licences}:
        wrong = f"their own clinician has no licence for {patient.state}."
        yield Problem("patients.toml", called(patient), wrong, "Choose another clinician, or add the licence.")


def _states_worked_in(practice: Practice, member: Staff) -> set[str]:
    return {practice.offices[hours.office].state for hours in member.hours if hours.office in practice.offices}
