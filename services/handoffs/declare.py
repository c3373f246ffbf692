"""How a handoff is declared: the events of its life, its owner, its ladder, and what the patient reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baton_events import Event
    from baton_events.codes import HandoffName


@dataclass(frozen=True)
class Is:
    """The field holds this value."""

    field: str
    value: str

    def holds(self, event: Event) -> bool:
        """Whether it does."""
        return bool(getattr(event, self.field) == self.value)


@dataclass(frozen=True)
class Has:
    """The field is given."""

    field: str

    def holds(self, event: Event) -> bool:
        """Whether it is."""
        return getattr(event, self.field) is not None


@dataclass(frozen=True)
class On:
    """An event that counts when every condition holds."""

    event: type[Event]
    when: tuple[Is | Has, ...] = ()

    def counts(self, event: Event) -> bool:
        """Whether this event is meant."""
        return type(event) is self.event and all(condition.holds(event) for condition in self.when)


@dataclass(frozen=True)
class Accepting:
    """Somebody took the work; the field `person` says who."""

    event: type[Event]
    person: str


@dataclass(frozen=True)
class Moving:
    """Custody passes to the owner in field `owner`, who has until the time in field `due`; without one nothing is owed.

    The field `person` names who of the new owner's team has taken it, where one is meant.
    """

    event: type[Event]
    owner: str
    due: str
    person: str | None = None


@dataclass(frozen=True)
class Field:
    """A field of the opening event, computed by its publisher."""

    name: str


@dataclass(frozen=True)
class Team:
    """A team of the practice."""

    name: str


@dataclass(frozen=True)
class TeamOfOffice:
    """A team of the office whose team owned the work first."""

    name: str


@dataclass(frozen=True)
class Rung:
    """Who is next when the deadline has passed, and how long they have before the rung after them."""

    owner: Team | TeamOfOffice
    within: timedelta


@dataclass(frozen=True, kw_only=True)
class Says:
    """What the patient reads. `{owner}` and `{due}` are filled in; `subject` says what the work is, in passing."""

    subject: str
    opened: str
    closed: str
    withdrawn: str = ""
    accepted: str = "{owner} is seeing to {subject}."
    moved: str = "{owner} now looks after {subject}, by {due}."
    escalated: str = "{subject} took longer than promised. {owner} now sees to it, by {due}."


@dataclass(frozen=True, kw_only=True)
class Row:
    """One handoff.

    `case` is a field that every event of the row carries; an event without a value there does not concern the row.
    `owed` tells the owner what to do; `says` is for the patient, where one is concerned.
    Closing events count only from a holder of the work when `closed_by` names the field with their author. `taken`
    names the field of an opening event that says who of the owner's team has taken the work already.

    A row happens once a case: what settles it first, by time, settles it for ever, also when it is seen before the
    opening. A row that `repeats` is ordered by the sequence of the opening event's entity: what settles it settles
    every opening before it, and an event of another entity settles the case for ever.
    """

    name: HandoffName
    case: str
    opens: tuple[On, ...]
    owner: Field | Team
    due: Field
    closes: tuple[On, ...]
    ladder: tuple[Rung, ...]
    owed: str
    says: Says | None
    accepts: tuple[Accepting, ...] = ()
    moves: tuple[Moving, ...] = ()
    withdraws: tuple[On, ...] = ()
    closed_by: str | None = None
    taken: str | None = None
    repeats: bool = False

    def events(self) -> Iterator[type[Event]]:
        """Every event type the row names, each once."""
        named: tuple[On | Accepting | Moving, ...]
        named = (*self.opens, *self.accepts, *self.moves, *self.closes, *self.withdraws)
        yield from dict.fromkeys(on.event for on in named)
