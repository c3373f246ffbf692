"""Offices: where they are, and that every team owed work there has somebody in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from baton_events.codes import TEAMS_OF_AN_OFFICE, TEAMS_OF_THE_PRACTICE
from shared.practice.files import called, file_of
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.practice.model import Practice


def states(practice: Practice) -> Iterable[Problem]:
    """Offices and patients are in states the practice is open in."""
    for kind in ("offices", "patients"):
        for entry in getattr(practice, kind).values():
            if entry.state not in practice.states:
                wrong = f"{entry.state} is not among the practice's states."
                yield Problem(
                    file_of(kind), called(entry), wrong, "Open the state in practice.toml, or correct it here."
                )


def time_zones(practice: Practice) -> Iterable[Problem]:
    """Every time zone is one of the IANA database."""
    for kind, entry in _placed(practice):
        try:
            ZoneInfo(entry.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            wrong = f"'{entry.time_zone}' is not a time zone."
            yield Problem(file_of(kind), called(entry), wrong, "Use an IANA name such as America/Los_Angeles.")


def teams_of_an_office(practice: Practice) -> Iterable[Problem]:
    """Every office has somebody at its front desk, in its rooms and in its lab."""
    staffed = _staffed(practice)
    for office in practice.offices.values():
        for team in TEAMS_OF_AN_OFFICE:
            if f"{team}:{office.id}" not in staffed:
                do = f"Add '{team}:{office.id}' to somebody's teams in staff.toml."
                yield Problem("offices.toml", called(office), f"nobody is in its {team} team.", do)


def teams_of_the_practice(practice: Practice) -> Iterable[Problem]:
    """Every team that can be owed work has somebody in it."""
    staffed = _staffed(practice)
    for team in TEAMS_OF_THE_PRACTICE:
        if team not in staffed:
            yield Problem("staff.toml", f"team {team}", "has nobody in it.", f"Add '{team}' to somebody's teams.")


def clinician_at_every_office(practice: Practice) -> Iterable[Problem]:
    """Every office has a clinician with hours there."""
    attended = {hours.office for member in practice.staff.values() for hours in member.hours}
    for office in practice.offices.values():
        if office.id not in attended:
            do = "Give a clinician hours there in staff.toml, or remove the office."
            yield Problem("offices.toml", called(office), "no clinician has hours here.", do)


def on_the_globe(practice: Practice) -> Iterable[Problem]:
    """A latitude is at most 90 degrees."""
    for kind in ("offices", "patients", "pharmacies"):
        for entry in getattr(practice, kind).values():
            if abs(entry.latitude) > 90:
                do = "Latitude and longitude may be exchanged."
                yield Problem(file_of(kind), called(entry), f"there is no latitude {entry.latitude}.", do)


def _staffed(practice: Practice) -> set[str]:
    return {team for member in practice.staff.values() for team in member.teams}


def _placed(practice: Practice) -> Iterator[tuple[str, Any]]:
    for kind in ("offices", "staff", "patients"):
        yield from ((kind, entry) for entry in getattr(practice, kind).values())
    yield from (("shifts", shift) for shift in practice.shifts)
