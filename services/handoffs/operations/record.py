"""Bring the ledger in line with what an event said, whatever was seen before it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from services.handoffs.model import ESCALATE, Held
from services.handoffs.operations import announcing
from services.handoffs.operations.pass_on import pass_on
from services.handoffs.rounds import Effect, Fact, Round, fact_of, rounds, spans
from services.handoffs.store import facts, ledger
from shared.deadlines import cancel_deadlines, set_deadline

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any
    from uuid import UUID

    from services.handoffs.declare import Row
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
    await facts.lock_case(tx, row.name, case)
    if not await facts.add(tx, row.name, case, fact):
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
            await _follow(tx, held, round_, fact, now)


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
    for number, span in enumerate(held_by):
        await ledger.hand_over(
            tx,
            handoff,
            span.owner,
            start=span.start,
            end=span.end,
            due=span.due,
            how="moved" if number else "opened",
            rung=0,
        )
    held = await _entered(tx, handoff)
    await announcing.opened(tx, held, now)
    if round_.accepted:
        await _accept(tx, held, round_.accepted, now)
    if round_.settled:
        await announcing.settled(tx, held, round_.state, now)
    else:
        await set_deadline(tx, ESCALATE, handoff, held.due)


async def _entered(tx: Tx, handoff: UUID) -> Held:
    held = await ledger.lock(tx, handoff)
    assert held is not None, "it was added in this transaction"
    return held


async def _follow(tx: Tx, held: Held, round_: Round, fact: Fact, now: datetime) -> None:
    """Do what the new fact changes about work that is already entered."""
    if round_.chased != held.chased:
        await ledger.chase(tx, held.id, round_.chased)
    if round_.opened.event != held.opened_by:
        held = await _open_earlier(tx, held, round_, now)
    if round_.accepted == fact:
        await _accept(tx, held, fact, now)
    if fact in round_.moves:
        assert fact.owner is not None, "a move names the new owner"
        assert fact.due is not None, "a move names the time"
        await pass_on(tx, held, fact.owner, max(fact.at, held.opened_at), fact.due, now)
    if round_.settled and (round_.settled.event != held.settled_by or round_.opened == fact):
        await _settle(tx, held, round_.settled, round_, now)


async def _open_earlier(tx: Tx, held: Held, round_: Round, now: datetime) -> Held:
    """The opening that counts was seen after a later one: the first owner had the work since then."""
    untouched = held.number == 1 and held.rung == 0
    due = round_.opened.due if untouched else None
    await ledger.open_earlier(tx, held.id, round_.opened, due)
    earlier = await _entered(tx, held.id)
    if held.open and earlier.due != held.due:
        await cancel_deadlines(tx, ESCALATE, held.id, now)
        await set_deadline(tx, ESCALATE, held.id, earlier.due)
    if held.open and (earlier.owner, earlier.due) != (held.owner, held.due):
        await announcing.moved(tx, held, earlier.owner, earlier.due, now)
    return earlier


async def _accept(tx: Tx, held: Held, fact: Fact, now: datetime) -> None:
    assert fact.person is not None, "an acceptance names the person"
    if held.accepted_by == fact.person:
        return
    await ledger.accept(tx, held.id, held.number, fact.person, fact.at)
    await announcing.accepted(tx, held, fact.person, now)


async def _settle(tx: Tx, held: Held, settled: Fact, round_: Round, now: datetime) -> None:
    """End the custody. Of two settling events seen in the wrong order, the earlier counts after all."""
    at = max(settled.at, held.since)
    await ledger.relieve(tx, held.id, held.number, at)
    await ledger.settle(tx, held.id, round_.state, settled.event, at)
    await cancel_deadlines(tx, ESCALATE, held.id, now)
    if held.state is not round_.state:
        await announcing.settled(tx, held, round_.state, now)
