"""Which pharmacy: distances, and the next one within the limits the patient set."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from shared.practice.model import PharmacyPartner
    from shared.requests.directory import PatientCard

EARTH_KILOMETRES = 6371.0


@dataclass(frozen=True, kw_only=True)
class Preference:
    """The patient's own pharmacy, if they have one, and how far the practice may move a prescription without asking.

    With `delivery`, a pharmacy of their state that delivers is within the limits however far it is.
    """

    pharmacy: UUID | None = None
    farthest_kilometres: int = 25
    delivery: bool = False


def kilometres(patient: PatientCard, pharmacy: PharmacyPartner) -> float:
    """The distance between them over the ground (haversine)."""
    north, south = radians(patient.latitude), radians(pharmacy.latitude)
    turn = sin((north - south) / 2) ** 2
    turn += cos(north) * cos(south) * sin(radians(patient.longitude - pharmacy.longitude) / 2) ** 2
    return 2 * EARTH_KILOMETRES * asin(sqrt(turn))


def nearest_first(patient: PatientCard, pharmacies: Iterable[PharmacyPartner]) -> list[PharmacyPartner]:
    """By distance."""
    return sorted(pharmacies, key=lambda pharmacy: kilometres(patient, pharmacy))


def next_pharmacy(
    patient: PatientCard, limits: Preference, pharmacies: Iterable[PharmacyPartner], tried: Collection[UUID]
) -> PharmacyPartner | None:
    """The nearest one not tried for this fill and within the patient's limits, if there is one."""
    within = (p for p in pharmacies if p.id not in tried and _within(patient, limits, p))
    return next(iter(nearest_first(patient, within)), None)


def _within(patient: PatientCard, limits: Preference, pharmacy: PharmacyPartner) -> bool:
    if kilometres(patient, pharmacy) <= limits.farthest_kilometres:
        return True
    return limits.delivery and pharmacy.delivers and pharmacy.state == patient.state
