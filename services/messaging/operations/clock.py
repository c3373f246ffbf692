"""Run the follow-up days of consults: begin, stop, go on, announce the end, end.

Whoever changes a clock holds the lock of its thread's row, so that a message and the end never meet half-way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.messaging import ConsultEnded, ConsultEnding, ThreadClosed
from services.messaging.model import clock as rules
from services.messaging.model.clock import Step
from services.messaging.store import clock as store
from services.messaging.store import threads
from shared.deadlines import cancel_deadlines, set_deadline
from shared.outbox import announce, announce_all

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.messaging.model.clock import Clock
    from services.messaging.operations.ground import MessagingGround
    from services.messaging.store.clock import Consulted
    from shared.database import Tx
    from shared.deadlines import Deadline

CONSULT_CLOCK = "consult-clock"


async def begin(tx: Tx, consult: UUID, thread: UUID, patient: UUID, now: datetime) -> None:
    """The patient's fourteen days begin, with the first version of the plan; locks the thread.

    Where an answer is owed in the thread already, they begin paused.
    """
    standing = (await threads.lock(tx, [thread]))[thread]
    begun = store.Consulted(consult, thread, patient, rules.begun(now, owed=standing.reply_owed))
    await store.add(tx, begun)
    await _set_next(tx, consult, begun.clock)


async def clock_of(tx: Tx, consult: UUID) -> Clock | None:
    """The consult's clock, if its days have begun: `ends_at`, `paused_since`, `ended_at`, `left_at(now)`."""
    found = await store.of_consult(tx, consult)
    return found.clock if found else None


async def of_thread(tx: Tx, thread: UUID) -> Clock | None:
    """The clock of the consult in this thread, if its days have begun."""
    found = await store.of_thread(tx, thread)
    return found.clock if found else None


async def pause(tx: Tx, thread: UUID, now: datetime) -> None:
    """The patient wrote: the days stand still until there is an answer. The thread is locked by the caller."""
    found = await store.of_thread(tx, thread)
    if found is not None:
        await _changed(tx, found, rules.pause(found.clock, now), now)


async def resume(tx: Tx, thread: UUID, now: datetime) -> None:
    """The patient was answered, or needs no answer: the days go on. The thread is locked by the caller."""
    found = await store.of_thread(tx, thread)
    if found is None:
        return
    clock, step = rules.step(rules.resume(found.clock, now), now)
    await _changed(tx, found, clock, now)
    if step is Step.ANNOUNCE:
        await _announce_end(tx, found, clock, now)


async def come_due(ground: MessagingGround, tx: Tx, deadline: Deadline) -> None:
    """Announce the end, or carry it out."""
    begun = await store.of_consult(tx, deadline.entity)
    assert begun is not None, "deadlines are set for clocks"
    thread = (await threads.lock(tx, [begun.thread]))[begun.thread]
    found = await store.of_thread(tx, begun.thread)
    assert found is not None, "clocks are kept for good"
    if thread.erased:
        return
    now = max(ground.clock(), deadline.due_at)
    clock, step = rules.step(found.clock, now)
    if step is Step.NOTHING:
        return
    await store.put(tx, found.consult, clock)
    if step is Step.END:
        await _end(tx, found, thread.moment(now))
    else:
        await _set_next(tx, found.consult, clock)
        await _announce_end(tx, found, clock, now)


async def _changed(tx: Tx, found: Consulted, clock: Clock, now: datetime) -> None:
    if clock == found.clock:
        return
    await store.put(tx, found.consult, clock)
    await cancel_deadlines(tx, CONSULT_CLOCK, found.consult, now)
    await _set_next(tx, found.consult, clock)


async def _set_next(tx: Tx, consult: UUID, clock: Clock) -> None:
    due = rules.looks_at(clock)
    if due is not None:
        await set_deadline(tx, CONSULT_CLOCK, consult, due)


async def _announce_end(tx: Tx, found: Consulted, clock: Clock, now: datetime) -> None:
    assert clock.ends_at is not None, "an end is announced while the days run"
    event = ConsultEnding(consult=found.consult, thread=found.thread, patient=found.patient, ends=clock.ends_at)
    await announce(tx, event, now)


async def _end(tx: Tx, found: Consulted, now: datetime) -> None:
    """The consult is over and its thread closed; both stay readable."""
    await threads.close(tx, found.thread, now)
    ended = ConsultEnded(consult=found.consult, thread=found.thread, patient=found.patient)
    await announce_all(tx, [ended, ThreadClosed(thread=found.thread, patient=found.patient)], now)
