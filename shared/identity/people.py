"""Who calls: the roles that open doors, and the caller of one request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Role(StrEnum):
    """A role opens a door; a relationship opens a record."""

    PATIENT = "patient"
    PROXY = "proxy"
    CLINICIAN = "clinician"
    NURSE = "nurse"
    LAB_TECH = "lab_tech"
    FRONT_DESK = "front_desk"
    PHARMACIST = "pharmacist"
    SUPPORT = "support"
    OPS = "ops"
    PRIVACY_OFFICER = "privacy_officer"


STAFF = frozenset(Role) - {Role.PATIENT, Role.PROXY}
ANYONE = frozenset(Role)


@dataclass(frozen=True)
class Person:
    """Somebody signed in: the token's subject, roles and teams.

    `teams` are owners without their `team:` prefix (`support`, `room:<office>`).
    """

    id: UUID
    roles: frozenset[Role]
    teams: frozenset[str]
    expires: datetime

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners, as handoffs name them, that this person acts for."""
        kind = "clinician" if Role.CLINICIAN in self.roles else "patient"
        return (f"{kind}:{self.id}", *(f"team:{team}" for team in sorted(self.teams)))


@dataclass(frozen=True)
class ServiceCaller:
    """A service calling as itself, and the event that made it call."""

    name: str
    cause: UUID | None
    expires: datetime


Caller = Person | ServiceCaller
