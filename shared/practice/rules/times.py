"""Exceptions to weekly hours, holidays and rooms: they refer to what there is, and every visit has a room to be in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import VisitKind
from shared.identity.people import Role
from shared.practice.files import called
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.practice.model import Away, Practice, Staff


def holidays(practice: Practice) -> Iterable[Problem]:
    """A holiday of one office is of an office that exists."""
    for holiday in practice.holidays:
        if holiday.office is not None and holiday.office not in practice.offices:
            do = "Use the id of an office in offices.toml, or leave it out for all."
            yield Problem("practice.toml", called(holiday), f"there is no office {holiday.office}.", do)


def extra_hours(practice: Practice) -> Iterable[Problem]:
    """Extra hours are a clinician's, at an office where they may treat, and close after they open."""
    for member in practice.staff.values():
        for extra in member.extra_hours:
            office = practice.offices.get(extra.office)
            if office is None:
                do = "Use the id of an office in offices.toml."
                yield Problem("staff.toml", called(member), f"has extra hours at {extra.office}, no office.", do)
            elif office.state not in {licence.state for licence in member.licences}:
                wrong = f"has extra hours in {office.state} and no licence for it."
                yield Problem("staff.toml", called(member), wrong, "Add the licence, or choose another office.")
            if extra.closes <= extra.opens:
                wrong = f"closes at {extra.closes} on {extra.day}, not after it opens at {extra.opens}."
                yield Problem("staff.toml", called(member), wrong, "A night is two spans: to 24:00, and from 00:00.")


def away(practice: Practice) -> Iterable[Problem]:
    """Only clinicians are away from their hours, and not until before they go."""
    for member in practice.staff.values():
        if Role.CLINICIAN not in member.roles and (member.away or member.extra_hours):
            do = "Add the role, or remove 'away' and 'extra_hours'."
            yield Problem("staff.toml", called(member), "only clinicians have hours to be away from.", do)
        yield from (_backwards(member, away) for away in member.away if not _forwards(away))


def rooms(practice: Practice) -> Iterable[Problem]:
    """Every office has rooms, each with a code of its own."""
    for office in practice.offices.values():
        codes = [room.code for room in office.rooms]
        if not codes:
            do = "Add '[[offices.rooms]]' for each."
            yield Problem("offices.toml", called(office), "has no room to see a patient in.", do)
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            do = "Give every room of an office a code of its own."
            yield Problem("offices.toml", called(office), f"has two rooms '{code}'.", do)


def room_for_every_visit(practice: Practice) -> Iterable[Problem]:
    """Some office has a room of the kind that a visit needs."""
    kinds = {room.kind for office in practice.offices.values() for room in office.rooms}
    for visit_type in practice.visit_types.values():
        if visit_type.room is not None and visit_type.room not in kinds:
            wrong = f"needs a room of the kind '{visit_type.room}', which no office has."
            yield Problem("visit-types.toml", called(visit_type), wrong, "Use the kind of a room in offices.toml.")
        if visit_type.room is not None and VisitKind.OFFICE not in visit_type.kinds:
            do = "Remove 'room', or add 'office' to its kinds."
            yield Problem("visit-types.toml", called(visit_type), "needs a room and is held in no office.", do)


def _forwards(away: Away) -> bool:
    return (away.first, away.begins) < (away.last or away.first, away.ends)


def _backwards(member: Staff, away: Away) -> Problem:
    wrong = f"is away from {away.first} {away.begins} to {away.last or away.first} {away.ends}, which is never."
    return Problem("staff.toml", called(member), wrong, "Let it end after it begins.")
