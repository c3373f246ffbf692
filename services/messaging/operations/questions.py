"""Ask the practice something in a thread, answer it, or take it back: within a transaction that holds the thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.messaging import QuestionAnswered, QuestionAsked, QuestionWithdrawn
from services.messaging.model.threads import moment, owner_of
from services.messaging.store import questions as store
from shared.outbox import announce

if TYPE_CHECKING:
    from datetime import datetime

    from shared.database import Tx


@dataclass(frozen=True)
class Asked:
    """The question that is open now, and until when it is to be answered; `new` or open before."""

    question: UUID
    due: datetime
    new: bool


async def ask(tx: Tx, thread: UUID, patient: UUID, now: datetime, *, due: datetime) -> Asked:
    """Open a question that the thread's team owes an answer until `due`.

    Where one is open already it keeps its time, and is asked again. The thread is locked, or new.
    """
    stands = await store.of_thread(tx, thread)
    at = moment(stands["since"], now)
    question: UUID = stands["question"] or uuid4()
    asked = Asked(question, stands["question_due"] or due, new=stands["question"] is None)
    if asked.new:
        await store.add(tx, question, thread, patient, due, at)
    event = QuestionAsked(
        question=question,
        thread=thread,
        patient=patient,
        answer_owner=owner_of(stands["kind"], stands["team"], stands["assigned"]),
        answer_due=asked.due,
        assigned=stands["assigned"],
    )
    await announce(tx, event, at)
    return asked


async def answer(tx: Tx, thread: UUID, patient: UUID, by: UUID, now: datetime) -> UUID | None:
    """Settle the question that is open in the thread, and give it; None where there is none. The thread is locked."""
    stands = await store.of_thread(tx, thread)
    question: UUID | None = stands["question"]
    if question is not None:
        at = moment(stands["since"], now)
        await store.settle(tx, thread, question, "answered", by, at)
        await announce(tx, QuestionAnswered(question=question, patient=patient, answered_by=by), at)
    return question


async def withdraw(tx: Tx, thread: UUID, patient: UUID, by: UUID, now: datetime) -> UUID | None:
    """Take the open question back, and give it; None where there is none. The thread is locked."""
    stands = await store.of_thread(tx, thread)
    question: UUID | None = stands["question"]
    if question is not None:
        at = moment(stands["since"], now)
        await store.settle(tx, thread, question, "withdrawn", by, at)
        await announce(tx, QuestionWithdrawn(question=question, patient=patient), at)
    return question
