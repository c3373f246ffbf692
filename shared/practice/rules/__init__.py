"""What must hold between the entries of a practice; each rule finds what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.practice.rules import (
    catalogue,
    conditions,
    consults,
    emergency,
    forms,
    hours,
    people,
    places,
    support,
    times,
)
from shared.practice.rules.people import out_of_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.practice.model import Practice
    from shared.practice.problems import Problem

RULES: tuple[Callable[[Practice], Iterable[Problem]], ...] = (
    places.states,
    places.time_zones,
    places.teams_of_an_office,
    places.teams_of_the_practice,
    places.clinician_at_every_office,
    places.on_the_globe,
    people.teams_known,
    people.clinicians_complete,
    people.licences,
    people.patients,
    hours.offices_known,
    hours.open_before_close,
    hours.one_place_at_a_time,
    hours.on_call_clinicians,
    hours.somebody_always_on_call,
    times.holidays,
    times.extra_hours,
    times.away,
    times.rooms,
    times.room_for_every_visit,
    support.hours,
    support.an_hour_a_week,
    catalogue.visit_types,
    catalogue.one_visit_type_a_phrase,
    catalogue.one_visit_type_for_the_rest,
    emergency.filled_in,
    emergency.sources,
    emergency.readable,
    emergency.once,
    emergency.no_denial_alone,
    emergency.lists_used,
    catalogue.due_rules,
    catalogue.pharmacies,
    catalogue.medications,
    conditions.for_somebody,
    conditions.at_a_price,
    conditions.one_condition_a_name,
    conditions.sources,
    conditions.something_stops_it,
    consults.by_prescribers,
    consults.by_somebody,
    consults.prices,
    forms.forms,
)

__all__ = ["RULES", "out_of_date"]
