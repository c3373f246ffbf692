"""Put letters that wait together into their threads, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg

from baton_events.codes import Party, ThreadKind
from baton_events.messaging import MessageSent
from services.messaging.model.clock import closed
from services.messaging.model.threads import (
    NoSuchThread,
    ThreadCard,
    ThreadNow,
    proven,
    reply_due,
    reply_owner,
)
from services.messaging.operations.consequences import CONSEQUENCES, Placed, settled
from services.messaging.store import threads as store
from shared import audit, idempotency
from shared.database import DatabaseUnavailable
from shared.errors import Refusal
from shared.idempotency import Raced
from shared.outbox import announce_all
from shared.requests.messaging import Sent
from shared.sealing import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.messaging.operations.consequences import Consequence
    from shared.call import Call
    from shared.database import Database, Tx
    from shared.requests.people import Guidance
    from shared.sealing import GroupKeys


class NotProven(Exception):
    """The thread's own rows do not let the author in; somebody else's may."""


@dataclass(frozen=True)
class Letter:
    """A message as it waits: its keys are unwrapped, its place in the thread is not taken yet.

    `vouched` says that the directory let the author in, so that the thread's own rows need not. `answer_due` is until
    when support answers whoever asks it something now. `emergency` are the practice's words for whoever may be in one,
    where the text sounds like it.
    """

    call: Call
    card: ThreadCard
    keys: GroupKeys
    party: Party
    text: str
    trace: str | None
    follow_up_of: UUID | None = None
    attachments: tuple[UUID, ...] = ()
    draft: UUID | None = None
    draft_version: int | None = None
    vouched: bool = False
    answer_due: datetime | None = None
    emergency: Guidance | None = None
    message: UUID = field(default_factory=uuid4)

    @property
    def author(self) -> UUID:
        """Who writes."""
        return self.call.person.id


async def post(db: Database, letters: list[Letter]) -> Sequence[Sent | BaseException]:
    """Post all letters that may be posted; the others get their refusal and hold nobody up.

    What breaks the transaction they share is met again by one of them alone, or by none.
    """
    try:
        async with db.transaction() as tx:
            return await _post(tx, letters)
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - one letter's fault must not be the others'
        if len(letters) == 1:
            return [Raced() if _kept_meanwhile(error) else error]
    return [answer for letter in letters for answer in await post(db, [letter])]


def _kept_meanwhile(error: Exception) -> bool:
    return isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == "idempotency_key"


async def _post(tx: Tx, letters: list[Letter]) -> Sequence[Sent | BaseException]:
    threads = await store.lock(tx, [letter.card.id for letter in letters])
    kept = await idempotency.kept_already(tx, [letter.call for letter in letters])
    places: dict[UUID, int] = defaultdict(int)
    answers: list[Sent | BaseException] = []
    taken: list[tuple[Placed, store.NewMessage]] = []
    owed = {thread.card.id: thread.reply_due for thread in threads.values()}
    now = _now(threads, letters)
    for letter in letters:
        scope = letter.call.scope
        refusal = _refusal(threads.get(letter.card.id), letter)
        if scope in kept:
            answers.append(Raced())
        elif refusal is not None:
            answers.append(refusal)
        else:
            thread = threads[letter.card.id]
            placed = Placed(letter, thread, thread.sequence + places[letter.card.id] + 1)
            against = await settled(tx, placed, CONSEQUENCES)
            if against is not None:
                answers.append(against)
                continue
            kept.add(scope)
            places[letter.card.id] += 1
            message = _seal(letter, placed.sequence, now)
            taken.append((placed, message))
            owed[message.thread] = _owed(owed[message.thread], letter)
            answers.append(_answer(placed, message))
    if taken:
        await _write(tx, taken, owed)
        done = [answer for answer in answers if isinstance(answer, Sent)]
        await idempotency.keep_all(tx, list(zip([placed.letter.call for placed, _ in taken], done, strict=True)))
    return answers


async def place(tx: Tx, letter: Letter, among: Iterable[Consequence] = CONSEQUENCES) -> Sent:
    """Put one letter into its thread in a transaction that does something else too, or raise the refusal.

    Whoever asks has let the author in and keeps the answer of its own call.
    """
    threads = await store.lock(tx, [letter.card.id])
    thread = threads.get(letter.card.id)
    refusal = _refusal(thread, replace(letter, vouched=True))
    if thread is None or isinstance(refusal, Refusal):
        raise refusal if isinstance(refusal, Refusal) else NoSuchThread
    placed = Placed(letter, thread, thread.sequence + 1)
    against = await settled(tx, placed, among)
    if against is not None:
        raise against
    message = _seal(letter, placed.sequence, _now(threads, [letter]))
    await _write(tx, [(placed, message)], {letter.card.id: _owed(thread.reply_due, letter)})
    return _answer(placed, message)


def _answer(placed: Placed, message: store.NewMessage) -> Sent:
    return Sent(
        message=message.id,
        thread=message.thread,
        sequence=message.sequence,
        at=message.at,
        emergency=next(iter(placed.emergency), None),
    )


def _now(threads: Mapping[UUID, ThreadNow], letters: Sequence[Letter]) -> datetime:
    """When the letters take their places: after everything before them in their threads."""
    return max(
        thread.moment(letter.call.now) if (thread := threads.get(letter.card.id)) else letter.call.now
        for letter in letters
    )


def _owed(before: datetime | None, letter: Letter) -> datetime | None:
    """Until when a reply is owed after this letter; the patient's first unanswered one sets the time.

    In a support thread an answer is owed to the question instead.
    """
    if letter.party is not Party.PATIENT or letter.card.kind is ThreadKind.SUPPORT:
        return None
    return before or reply_due(letter.card.kind, letter.call.now)


def _refusal(thread: ThreadNow | None, letter: Letter) -> Refusal | NotProven | None:
    if thread is None or thread.erased:
        return NoSuchThread()
    if not letter.vouched and not proven(thread, letter.author, letter.party, letter.call.person.teams):
        return NotProven()
    return closed(thread.card.kind) if thread.closed else None


def _seal(letter: Letter, sequence: int, now: datetime) -> store.NewMessage:
    sealed = letter.keys.seal(
        letter.text.encode(),
        kind=Kind.MESSAGE,
        object=letter.message,
        author=letter.author,
        sequence=sequence,
    )
    return store.NewMessage(
        thread=letter.card.id,
        sequence=sequence,
        id=letter.message,
        author=letter.author,
        party=letter.party,
        sealed=sealed,
        at=now,
    )


async def _write(tx: Tx, taken: list[tuple[Placed, store.NewMessage]], owed: Mapping[UUID, datetime | None]) -> None:
    letters = [placed.letter for placed, _ in taken]
    for letter in letters:
        if letter.vouched and letter.party is Party.STAFF:
            await store.join(tx, letter.card.id, letter.author, letter.call.now)
    await store.add_messages(tx, [message for _, message in taken], owed)
    await announce_all(
        tx,
        [_sent(placed) for placed, _ in taken],
        taken[0][1].at,
        [letter.trace for letter in letters],
    )
    await audit.record_all(
        tx,
        [_entry(placed.letter, placed.sequence) for placed, _ in taken],
    )


def _entry(letter: Letter, sequence: int) -> audit.Entry:
    return audit.Entry(
        letter.call, "write", letter.card.patient, letter.card.id, f"message {sequence}", traceparent=letter.trace
    )


def _sent(placed: Placed) -> MessageSent:
    """The event; what is asked of support is a question of its own."""
    letter = placed.letter
    asks = letter.party is Party.PATIENT and letter.card.kind is not ThreadKind.SUPPORT
    return MessageSent(
        message=letter.message,
        thread=letter.card.id,
        patient=letter.card.patient,
        author=letter.author,
        author_party=letter.party,
        thread_sequence=placed.sequence,
        reply_owner=reply_owner(placed.thread) if asks else None,
        reply_due=reply_due(letter.card.kind, letter.call.now) if asks else None,
        assigned=placed.thread.assigned if asks else None,
    )
