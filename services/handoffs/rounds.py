"""What a case's events amount to: rounds of owed work, each opened once and settled at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from services.handoffs.declare import Row, Team
from shared.requests.handoffs import HandoffState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from baton_events import Event


class Effect(StrEnum):
    """What an event does to a row's work."""

    OPEN = "open"
    ACCEPT = "accept"
    MOVE = "move"
    CLOSE = "close"
    WITHDRAW = "withdraw"


SETTLING = {Effect.CLOSE: HandoffState.CLOSED, Effect.WITHDRAW: HandoffState.WITHDRAWN}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What one event says about one case of a row.

    `final` marks an event that settles a repeating case for ever. `owner` is the first owner of an opening, the new
    one of a move, the author of a close that only a holder can bring about. `person` has taken it.
    """

    event: UUID
    effect: Effect
    at: datetime
    sequence: int
    final: bool = False
    patient: UUID | None = None
    owner: str | None = None
    due: datetime | None = None
    person: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Round:
    """Work opened once and settled at most once; `openings` are all its opening events, the first counting.

    `taken` are the facts that name a person who has taken it, in their order.
    """

    opened: Fact
    openings: tuple[UUID, ...]
    taken: tuple[Fact, ...] = ()
    moves: tuple[Fact, ...] = ()
    settled: Fact | None = None

    @property
    def chased(self) -> int:
        """How often the patient asked again while it was open."""
        return len(self.openings) - 1

    @property
    def state(self) -> HandoffState:
        """Where the work stands."""
        return SETTLING[self.settled.effect] if self.settled else HandoffState.OPEN


def fact_of(row: Row, event: Event, *, id_: UUID, at: datetime, sequence: int) -> tuple[UUID, Fact] | None:
    """The case and what the event says about it; None when it does not concern the row."""
    case: UUID | None = getattr(event, row.case)
    effect = _effect(row, event)
    if case is None or effect is None:
        return None
    moving = next((moving for moving in row.moves if moving.event is type(event)), None)
    due = getattr(event, moving.due if moving else row.due.name) if effect in {Effect.OPEN, Effect.MOVE} else None
    if effect is Effect.MOVE and due is None:
        return None
    return case, Fact(
        event=id_,
        effect=effect,
        at=at,
        sequence=sequence,
        final=effect in SETTLING and not _of_opening_entity(row, event),
        patient=event.patient_id,
        owner=_owner(row, event, effect, moving.owner if moving else None),
        due=due,
        person=_person(row, event, effect, moving.person if moving else None),
    )


def _effect(row: Row, event: Event) -> Effect | None:
    if any(on.counts(event) for on in row.opens):
        return Effect.OPEN
    if any(on.counts(event) for on in row.closes):
        return Effect.CLOSE
    if any(on.counts(event) for on in row.withdraws):
        return Effect.WITHDRAW
    if any(moving.event is type(event) for moving in row.moves):
        return Effect.MOVE
    return Effect.ACCEPT if any(accepting.event is type(event) for accepting in row.accepts) else None


def _of_opening_entity(row: Row, event: Event) -> bool:
    return any(
        (on.event.kind.service, on.event.kind.entity) == (event.kind.service, event.kind.entity) for on in row.opens
    )


def _owner(row: Row, event: Event, effect: Effect, moved_to: str | None) -> str | None:
    if effect is Effect.OPEN:
        return f"team:{row.owner.name}" if isinstance(row.owner, Team) else getattr(event, row.owner.name)
    author = moved_to or (row.closed_by if effect is Effect.CLOSE else None)
    return getattr(event, author) if author else None


def _person(row: Row, event: Event, effect: Effect, moved_to: str | None) -> UUID | None:
    accepting = next((accepting.person for accepting in row.accepts if accepting.event is type(event)), None)
    field = {Effect.OPEN: row.taken, Effect.ACCEPT: accepting, Effect.MOVE: moved_to}.get(effect)
    return getattr(event, field) if field else None


def rounds(row: Row, facts: Iterable[Fact], holders: frozenset[str] = frozenset()) -> list[Round]:
    """The rounds that these facts amount to, in order; `holders` are owners whom people moved the work to."""
    return _repeated(facts) if row.repeats else _once(row, sorted(facts, key=_time), holders)


def _time(fact: Fact) -> tuple[datetime, UUID]:
    return fact.at, fact.event


def _once(row: Row, facts: Sequence[Fact], holders: frozenset[str]) -> list[Round]:
    openings = [fact for fact in facts if fact.effect is Effect.OPEN]
    if not openings:
        return []
    moves = tuple(fact for fact in facts if fact.effect is Effect.MOVE)
    accountable = holders | {fact.owner for fact in (openings[0], *moves)}
    return [
        Round(
            opened=openings[0],
            openings=tuple(fact.event for fact in openings),
            taken=tuple(fact for fact in facts if fact.person is not None),
            moves=moves,
            settled=next((fact for fact in facts if _settles(row, fact, accountable)), None),
        ),
    ]


def _settles(row: Row, fact: Fact, accountable: frozenset[str | None]) -> bool:
    if fact.effect is Effect.CLOSE and row.closed_by:
        return fact.owner in accountable
    return fact.effect in SETTLING


def _repeated(facts: Iterable[Fact]) -> list[Round]:
    facts = list(facts)
    final = min((fact for fact in facts if fact.final), key=_time, default=None)
    found: list[Round] = []
    work: list[Fact] = []
    ordered = sorted((fact for fact in facts if not fact.final), key=lambda fact: fact.sequence)
    for fact in chain(ordered, [final] if final else []):
        if work and fact.effect in SETTLING:
            found.append(_round(work, fact))
            work = []
        elif fact.effect is Effect.OPEN or (work and fact.effect not in SETTLING):
            work.append(fact)
    return [*found, _round(work, None)] if work else found


def _round(work: Sequence[Fact], settled: Fact | None) -> Round:
    """What begins with an opening and ends with what settles it."""
    return Round(
        opened=work[0],
        openings=tuple(fact.event for fact in work if fact.effect is Effect.OPEN),
        taken=tuple(fact for fact in work if fact.person is not None),
        moves=tuple(fact for fact in work if fact.effect is Effect.MOVE),
        settled=settled,
    )
