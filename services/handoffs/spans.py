"""Who was accountable from when to when, as a round's facts and the ledger's own steps put it together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from services.handoffs.rounds import Fact, Round

How = Literal["opened", "moved", "escalated"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time for which one owner was accountable; `end` is none while they still are.

    `event` brought it about; none where the ledger escalated, or a person moved it in the ledger itself.
    """

    owner: str
    start: datetime
    end: datetime | None
    due: datetime
    how: How
    rung: int = 0
    event: UUID | None = None
    accepted_by: UUID | None = None
    accepted_at: datetime | None = None


def spans(round_: Round, standing: Sequence[Span] = (), *, accepted_by_events: bool = True) -> list[Span]:
    """The owners of a round from its opening on, without overlap and without a gap, whatever stood before.

    What the ledger did by itself happened: it stays, with the times that it gave. Where events do not accept the work,
    people did in the ledger, and that stays too.
    """
    own = [span for span in standing if span.event is None]
    steps = [_opening(round_, standing)]
    for step in _in_order(round_, own):
        start = max(step.start, steps[-1].start)
        kept = next((span for span in standing if span.event is not None and span.event == step.event), None)
        rung, due = (kept.rung, kept.due) if kept else (max(step.rung, steps[-1].rung), step.due)
        steps.append(replace(step, start=start, rung=rung, due=due))
    end = max(round_.settled.at, steps[-1].start) if round_.settled else None
    ends = [*(after.start for _, after in pairwise(steps)), end]
    held = [replace(step, end=end) for step, end in zip(steps, ends, strict=True)]
    if accepted_by_events:
        return [_taken(span, round_) for span in held]
    return [_as_it_stands(span, standing) for span in held]


def _opening(round_: Round, standing: Sequence[Span]) -> Span:
    """The first owner's; once it was escalated, it had been due when it was."""
    opened = round_.opened
    assert opened.owner is not None, "an opening names the owner"
    assert opened.due is not None, "an opening names the time"
    first = Span(owner=opened.owner, start=opened.at, end=None, due=opened.due, how="opened", event=opened.event)
    escalated = any(span.rung > 0 or span.how == "escalated" for span in standing)
    if standing and (escalated or standing[0].event == opened.event):
        return replace(first, due=standing[0].due, rung=standing[0].rung)
    return first


def _in_order(round_: Round, own: Sequence[Span]) -> list[Span]:
    """The moves of the facts before they settle, and the ledger's own steps, by time."""
    settled = round_.settled
    moves = [_moved(fact) for fact in round_.moves if settled is None or fact.at < settled.at]
    return sorted([*moves, *own], key=lambda step: step.start)


def _moved(fact: Fact) -> Span:
    assert fact.owner is not None, "a move names the new owner"
    assert fact.due is not None, "a move names the time"
    return Span(owner=fact.owner, start=fact.at, end=None, due=fact.due, how="moved", event=fact.event)


def _taken(span: Span, round_: Round) -> Span:
    """The span with who took it last while it lasted."""
    taken: tuple[UUID | None, datetime | None] = (None, None)
    for fact in round_.taken:
        at = max(fact.at, round_.opened.at)
        if at >= span.start and (span.end is None or at < span.end):
            taken = (fact.person, at)
    return replace(span, accepted_by=taken[0], accepted_at=taken[1])


def _as_it_stands(span: Span, standing: Sequence[Span]) -> Span:
    same = next((one for one in standing if (one.event, one.start) == (span.event, span.start)), None)
    first = standing[0] if standing and span.how == "opened" else None
    found = same or first
    return replace(span, accepted_by=found.accepted_by, accepted_at=found.accepted_at) if found else span
