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
    one of a move, the author of a close that only a holder can bring about. `person` accepted.
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
    """Work opened once and settled at most once; `openings` are all its opening events, the first counting."""

    opened: Fact
    openings: tuple[UUID, ...]
    accepted: Fact | None = None
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


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time for which one owner was accountable; `end` is none while they still are."""

    owner: str
    start: datetime
    end: datetime | None
    due: datetime


def spans(round_: Round) -> list[Span]:
    """The owners of a round from its opening on, without overlap and without a gap."""
    settled = round_.settled.at if round_.settled else None
    passed_on = [move for move in round_.moves if settled is None or move.at < settled]
    starts: list[datetime] = []
    for fact in (round_.opened, *passed_on):
        starts.append(max(fact.at, starts[-1]) if starts else fact.at)
    last = max(settled, starts[-1]) if settled else None
    held = zip((round_.opened, *passed_on), starts, [*starts[1:], last], strict=True)
    return [
        Span(owner=fact.owner, start=start, end=end, due=fact.due)
        for fact, start, end in held
        if fact.owner is not None and fact.due is not None
    ]


def fact_of(row: Row, event: Event, *, id_: UUID, at: datetime, sequence: int) -> tuple[UUID, Fact] | None:
    """The case and what the event says about it; None when it does not concern the row."""
    case: UUID | None = getattr(event, row.case)
    effect = _effect(row, event)
    if case is None or effect is None:
        return None
    moving = next((moving for moving in row.moves if moving.event is type(event)), None)
    return case, Fact(
        event=id_,
        effect=effect,
        at=at,
        sequence=sequence,
        final=effect in SETTLING and not _of_opening_entity(row, event),
        patient=event.patient_id,
        owner=_owner(row, event, effect, moving.owner if moving else None),
        due=getattr(event, moving.due if moving else row.due.name) if effect in {Effect.OPEN, Effect.MOVE} else None,
        person=next((getattr(event, a.person) for a in row.accepts if a.event is type(event)), None),
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
            accepted=next((fact for fact in facts if fact.effect is Effect.ACCEPT), None),
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
    opened: list[Fact] = []
    others: list[Fact] = []
    ordered = sorted((fact for fact in facts if not fact.final), key=lambda fact: fact.sequence)
    for fact in chain(ordered, [final] if final else []):
        if fact.effect is Effect.OPEN:
            opened.append(fact)
        elif opened and fact.effect in SETTLING:
            found.append(_round(opened, others, fact))
            opened, others = [], []
        elif opened:
            others.append(fact)
    return [*found, _round(opened, others, None)] if opened else found


def _round(opened: Sequence[Fact], others: Sequence[Fact], settled: Fact | None) -> Round:
    return Round(
        opened=opened[0],
        openings=tuple(fact.event for fact in opened),
        accepted=next((fact for fact in others if fact.effect is Effect.ACCEPT), None),
        moves=tuple(fact for fact in others if fact.effect is Effect.MOVE),
        settled=settled,
    )
