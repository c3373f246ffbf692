"""Show the log of contacts, and the questions that are owed an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from baton_events.codes import ContactChannel
from services.messaging.store import contacts as store
from services.messaging.store import questions as asked
from shared import audit
from shared.errors import NotFound
from shared.identity.access import may_open
from shared.requests.people import Contact, Contacts, Question, Questions, Side
from shared.sealing import Kind, refuse_erased
from shared.sealing.refusals import GroupErased

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    import asyncpg

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.people import AskQuestions, ReadContacts
    from shared.sealing import GroupKeys

MOST = 100


async def contacts(ground: MessagingGround, call: Call, ask: ReadContacts) -> Contacts:
    """A page of the log, once the look is on record.

    To the patient, their proxies and who treats them all of it; to other staff what they wrote down themselves or see
    to the thread of. Raises NotFound where that is nothing.
    """
    opens = await may_open(ground, call, ask.patient)
    whose = (call.person.id if opens is None else None, call.person.teams)
    async with ground.db.reading() as tx:
        first = await store.page(tx, ask.patient, ask.before, ask.limit, *whose)
    if opens is None and not first:
        raise NotFound
    keys = {group: await _keys(ground, ask.patient, group) for group in {row["key_group"] for row in first}}
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await store.page(tx, ask.patient, ask.before, ask.limit, *whose)
        # What was written down in between is seen next time: its keys are not unwrapped.
        rows = [row for row in rows if row["key_group"] in keys]
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} contacts")
    return Contacts(
        patient=ask.patient,
        contacts=[_opened(keys, row) for row in rows],
        before=rows[-1]["id"] if len(rows) == ask.limit else None,
    )


async def questions(ground: MessagingGround, call: Call, _: AskQuestions) -> Questions:
    """What the caller's teams owe an answer to; ids and times only."""
    async with ground.db.transaction() as tx:
        rows = await asked.open_for(tx, call.person.teams, MOST)
        await audit.record(tx, call, "read", patient=None, range=f"{len(rows)} questions")
    return Questions(
        questions=[
            Question(
                question=row["id"],
                patient=row["patient"],
                thread=row["thread"],
                owner=f"team:{row['team']}",
                asked_at=row["asked_at"],
                due=row["due"],
            )
            for row in rows
        ],
    )


async def _keys(ground: MessagingGround, patient: UUID, group: UUID) -> GroupKeys | None:
    """The keys; none where the thread they belong to was erased."""
    try:
        return await ground.sealing.keys(patient, group)
    except GroupErased:
        return None


def _opened(keys: Mapping[UUID, GroupKeys | None], row: asyncpg.Record) -> Contact:
    opening = None if row["erased"] else keys[row["key_group"]]
    words = None
    if opening is not None:
        words = opening.open(row["sealed"], kind=Kind.CONTACT, object=row["id"], author=row["logged_by"]).decode()
    return Contact(
        contact=row["id"],
        logged_by=row["logged_by"],
        channel=ContactChannel(row["channel"]),
        origin=cast("Side", row["origin"]),
        words=words,
        answered=row["answered"],
        call_back_by=row["call_back_by"],
        question=row["question"],
        thread=row["thread"],
        at=row["at"],
    )
