"""Bring the ledger in line with what an event said, whatever was seen before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from services.handoffs.model import ESCALATE, Held
from services.handoffs.operations import announcing
from services.handoffs.rounds import Effect, fact_of, rounds
from services.handoffs.spans import spans
from services.handoffs.store import facts, ledger
from shared.deadlines import cancel_deadlines, set_deadline

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any
    from uuid import UUID

    from services.handoffs.declare import Row
    from services.handoffs.rounds import Fact, Round
    from services.handoffs.spans import Span
    from shared.app import Received
    from shared.database import Tx


async def record(tx: Tx, row: Row, received: Received[Any], now: datetime) -> None:
    """Note what the event says about the row's work, and open, pass on or settle what follows from all that is known.

    The outcome is the same in every order of arrival. The case is locked until the transaction ends.
    """
    said = fact_of(row, received.event, id_=received.id, at=received.time, sequence=received.sequence)
    if said is None:
        return
    case, fact = said
    if not await facts.add(tx, row.name, case, fact):
        return
    if _asks_again(row, fact) and await ledger.chase_open(tx, row.name, case, fact.sequence):
        return
    known = await (facts.around(tx, row.name, case, fact) if row.repeats else facts.of_case(tx, row.name, case))
    openings = [said.event for said in known if said.effect is Effect.OPEN]
    entered = await ledger.lock_opened_by(tx, row.name, case, openings) if openings else []
    holders = await ledger.holders(tx, [held.id for held in entered]) if row.closed_by else frozenset()
    for round_ in rounds(row, known, holders):
        held = next((held for held in entered if held.opened_by in round_.openings), None)
        if held is None:
            await _enter(tx, row, case, round_, now)
        else:
            await _follow(tx, row, held, round_, fact, now)


def _asks_again(row: Row, fact: Fact) -> bool:
    """Whether it is one more of what opened the work, if that is open: it changes nobody's custody."""
    return row.repeats and fact.effect is Effect.OPEN and fact.person is None


async def _enter(tx: Tx, row: Row, case: UUID, round_: Round, now: datetime) -> None:
    handoff = uuid4()
    held_by = spans(round_)
    await ledger.add(
        tx,
        handoff,
        row.name,
        case,
        round_.opened,
        state=round_.state,
        settled_by=round_.settled.event if round_.settled else None,
        settled_at=held_by[-1].end,
        chased=round_.chased,
    )
    await ledger.put(tx, handoff, held_by)
    held = await _entered(tx, handoff)
    await announcing.opened(tx, held, now)
    if held.accepted_by is not None:
        await announcing.accepted(tx, held, held.accepted_by, now)
    if round_.settled:
        await announcing.settled(tx, held, round_.state, now)
    else:
        await set_deadline(tx, ESCALATE, handoff, held.due)


async def _entered(tx: Tx, handoff: UUID) -> Held:
    held = await ledger.lock(tx, handoff)
    assert held is not None, "it was added in this transaction"
    return held


async def _follow(tx: Tx, row: Row, held: Held, round_: Round, fact: Fact, now: datetime) -> None:
    """Bring work that is already entered in line with what is known of it."""
    if round_.chased != held.chased:
        await ledger.chase(tx, held.id, round_.chased)
    if round_.opened.event != held.opened_by:
        await ledger.open_earlier(tx, held.id, round_.opened)
    elif fact.effect is Effect.OPEN and fact.person is None:
        return  # the patient asked again, which changes nobody's custody
    standing = await ledger.custodies(tx, held.id)
    held_by = spans(round_, standing, accepted_by_events=bool(row.accepts))
    if held_by != standing:
        await ledger.put(tx, held.id, held_by, standing)
    if held.open:
        await _tell(tx, held, standing[-1], held_by[-1], now)
    settled, at = round_.settled, held_by[-1].end
    if settled is not None and at is not None and (settled.event, at) != (held.settled_by, held.settled_at):
        await ledger.settle(tx, held.id, round_.state, settled.event, at)
        await cancel_deadlines(tx, ESCALATE, held.id, now)
        if held.state is not round_.state:
            await announcing.settled(tx, replace(held, owner=held_by[-1].owner), round_.state, now)


async def _tell(tx: Tx, held: Held, before: Span, after: Span, now: datetime) -> None:
    """Set the deadline anew and announce what changed about work that was open."""
    if after.due != before.due:
        await cancel_deadlines(tx, ESCALATE, held.id, now)
        await set_deadline(tx, ESCALATE, held.id, after.due)
    moved = after.how == "moved" and after.event != before.event
    if moved or (after.owner, after.due) != (before.owner, before.due):
        await announcing.moved(tx, held, after.owner, after.due, now)
    if after.accepted_by is not None and (moved or after.accepted_by != before.accepted_by):
        await announcing.accepted(tx, replace(held, owner=after.owner), after.accepted_by, now)
