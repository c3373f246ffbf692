"""The people of the practice data as rows, each under a name of its own that stays the same from load to load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.practice import Practice
    from shared.practice.model import Patient, Shift, Staff


class Table(StrEnum):
    """Where an entry belongs, in the order that foreign keys want."""

    STAFF = "staff"
    LICENCE = "licence"
    HOURS = "hours"
    SHIFT = "shift"
    PATIENT = "patient"
    PROXY = "proxy"


@dataclass(frozen=True)
class Entry:
    """One row of the practice data: `name` tells it from the others, `values` are its columns."""

    table: Table
    name: str
    values: tuple[object, ...]

    @property
    def digest(self) -> bytes:
        """Changes when the entry does."""
        return hashlib.sha256(msgspec.json.encode(self.values)).digest()


def entries(practice: Practice) -> Iterator[Entry]:
    """Every person with what belongs to them; staff before patients."""
    for staff in practice.staff.values():
        yield from _staff(staff)
    for shift in practice.shifts:
        yield from _shift(shift)
    for patient in practice.patients.values():
        yield from _patient(patient)


def named(patient: Patient) -> str:
    """The name of a patient's own entry."""
    return _name(Table.PATIENT, patient.id)


def _name(table: Table, *key: object) -> str:
    return ":".join((table.value, *map(str, key)))


def _entry(table: Table, *key: object, values: tuple[object, ...]) -> Entry:
    return Entry(table, _name(table, *key), values)


def _staff(staff: Staff) -> Iterator[Entry]:
    person = (
        staff.id,
        staff.name,
        sorted(role.value for role in staff.roles),
        sorted(staff.teams),
        staff.time_zone,
        staff.credential,
        staff.specialty,
        staff.prescribes,
        staff.video,
    )
    yield _entry(Table.STAFF, staff.id, values=person)
    for licence in staff.licences:
        licensed = (staff.id, licence.state, licence.number, licence.expires)
        yield _entry(Table.LICENCE, staff.id, licence.state, licence.number, values=licensed)
    for hours in staff.hours:
        for weekday in hours.weekdays:
            weekly = (staff.id, hours.office, weekday, hours.opens, hours.closes)
            yield _entry(Table.HOURS, *weekly, values=weekly)


def _shift(shift: Shift) -> Iterator[Entry]:
    for weekday in shift.weekdays:
        weekly = (shift.clinician, weekday, shift.opens, shift.closes, shift.time_zone)
        yield _entry(Table.SHIFT, *weekly, values=weekly)


def _patient(patient: Patient) -> Iterator[Entry]:
    person = (
        patient.id,
        patient.name,
        patient.birth_date,
        patient.state,
        patient.time_zone,
        patient.latitude,
        patient.longitude,
        patient.own_clinician,
    )
    yield _entry(Table.PATIENT, patient.id, values=person)
    for proxy in patient.proxies:
        yield _entry(Table.PROXY, patient.id, proxy, values=(patient.id, proxy))
