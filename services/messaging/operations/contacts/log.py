"""Write down a call, a mail or a word at the desk, with what is owed or settled by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.codes import Party
from baton_events.messaging import ContactLogged as Logged
from baton_events.messaging import ThreadOpened
from services.messaging.model.contacts import KIND, NoSuchQuestion, QuestionSettled, check, owes
from services.messaging.model.questions import answer_due
from services.messaging.model.threads import ThreadCard
from services.messaging.operations import questions
from services.messaging.operations.post import Letter, place
from services.messaging.store import contacts as store
from services.messaging.store import threads
from shared import audit, idempotency
from shared.errors import NotFound
from shared.outbox import announce
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.people import ContactLogged
from shared.sealing import Kind, refuse_erased
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.practice.model import SupportHours
    from shared.requests.people import LogContact
    from shared.sealing import GroupKeys


@dataclass(frozen=True)
class Entry:
    """A contact about to be kept: with the thread it stands in, if any, and whose keys seal it."""

    id: UUID
    ask: LogContact
    call: Call
    card: ThreadCard | None
    keys: GroupKeys


async def log_contact(ground: MessagingGround, call: Call, ask: LogContact) -> ContactLogged:
    """Keep what was said; a question left open is owed an answer, one that is answered is settled.

    Raises NotFound, CallBackWrong, NoSuchQuestion, QuestionSettled, ThreadIsClosed.
    """
    check(ask, call.now)
    hours = ground.practice.support_hours
    await _require_patient(ground, call, ask.patient)
    card = await _card(ground, ask)
    keys = await ground.sealing.keys(ask.patient, card.id if card else ask.patient)
    entry = Entry(uuid4(), ask, call, card, keys)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        question, due = await _in_thread(tx, entry, card, hours) if card else (None, None)
        await store.add(tx, _new(entry, question))
        logged = Logged(
            contact=entry.id,
            patient=ask.patient,
            logged_by=call.person.id,
            channel=ask.channel,
            origin=Party(ask.origin),
        )
        await announce(tx, logged, call.now)
        await audit.record(tx, call, "write", patient=ask.patient, object=entry.id, range="contact")
        done = ContactLogged(contact=entry.id, question=question, thread=card.id if card else None, answer_due=due)
        await idempotency.keep(tx, call, done)
    return done


async def _require_patient(ground: MessagingGround, call: Call, patient: UUID) -> None:
    """Raise NotFound for somebody who is no patient of the practice, and for oneself."""
    if patient == call.person.id:
        raise NotFound
    left = (call.deadline - ground.bus.clock()).total_seconds()
    await ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=None, seconds=left)


async def _card(ground: MessagingGround, ask: LogContact) -> ThreadCard | None:
    """The thread of the question it is about, a new one for a question that is owed an answer, or none."""
    if ask.answers is None:
        return ThreadCard(uuid4(), ask.patient, KIND[ask.about]) if owes(ask) else None
    async with ground.db.reading() as tx:
        found = await store.question(tx, ask.answers)
    if found is None or found["patient"] != ask.patient:
        raise NoSuchQuestion
    return await ground.card(found["thread"])


async def _in_thread(
    tx: Tx, entry: Entry, card: ThreadCard, hours: Sequence[SupportHours]
) -> tuple[UUID, datetime | None]:
    """Have the words stand in the thread, and ask or settle its question; gives it and until when it is owed."""
    ask, call = entry.ask, entry.call
    if ask.answers is None:
        await threads.open_thread(tx, card, call.person.id, call.now)
        await announce(tx, ThreadOpened(thread=card.id, patient=card.patient, thread_kind=card.kind), call.now)
        await _stand(tx, entry, card)
        due = ask.call_back_by or answer_due(hours, call.now)
        asked = await questions.ask(tx, card.id, card.patient, call.now, due=due)
        return asked.question, asked.due
    thread = (await threads.lock(tx, [card.id]))[card.id]
    if thread.question != ask.answers:
        raise QuestionSettled
    if not ask.answered:
        # A message by staff would settle what else is owed there.
        return ask.answers, thread.question_due
    await _stand(tx, entry, card)
    await questions.answer(tx, card.id, card.patient, call.person.id, call.now)
    return ask.answers, None


async def _stand(tx: Tx, entry: Entry, card: ThreadCard) -> None:
    """The words as a message of whoever wrote them down; it answers nothing by itself."""
    letter = Letter(
        call=entry.call,
        card=card,
        keys=entry.keys,
        party=Party.STAFF,
        text=entry.ask.words,
        trace=trace.current_traceparent(),
    )
    await place(tx, letter, among=())


def _new(entry: Entry, question: UUID | None) -> store.NewContact:
    ask, call = entry.ask, entry.call
    return store.NewContact(
        id=entry.id,
        patient=ask.patient,
        logged_by=call.person.id,
        channel=ask.channel,
        origin=ask.origin,
        answered=ask.answered,
        call_back_by=ask.call_back_by,
        question=question,
        thread=entry.card.id if entry.card else None,
        key_group=entry.keys.group,
        sealed=entry.keys.seal(ask.words.encode(), kind=Kind.CONTACT, object=entry.id, author=call.person.id),
        at=call.now,
    )
