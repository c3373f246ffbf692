"""Erasing a thread: by the privacy officer, at once, for everybody, also from a backup; the rest stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from baton_events.directory import ErasureApproved
from baton_events.messaging import PersonRequestWithdrawn, ThreadErased
from shared.errors import Conflict, Forbidden, Internal, NotFound
from shared.requests import attachments as files
from shared.requests import drafts, handoffs, messaging, people
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.messaging import OfThread, OpenThread, ReadMessages, Send
from shared.sealing import GroupErased
from tests.directory.everything import MARIA, PETRA, questions, roles_of, told
from tests.messaging.consulting import begun
from tests.messaging.uploading import content_of, part_of, uploaded
from tests.support.backups import dump, restore

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

AMARA = "amara-okafor"
WORDS = "something I told you in confidence"


async def written(s: Stack) -> UUID:
    thread = (await s.ask(messaging.OPEN_THREAD, OpenThread(patient=s.person(MARIA)), as_=MARIA)).thread
    for who in (MARIA, AMARA):
        await s.ask(messaging.SEND, Send(thread=thread, text=WORDS), as_=who)
    return thread


async def erase(s: Stack, thread: UUID, who: str = PETRA, key: str = "") -> messaging.ThreadState:
    return await s.ask(messaging.ERASE_THREAD, OfThread(thread=thread), as_=who, key=key)


async def in_keystore(s: Stack, statement: str) -> None:
    owner = await asyncpg.connect(s.servers.postgres.urls("messaging", "messaging_owner")[1])
    await owner.execute(statement)
    await owner.close()


async def read(s: Stack, thread: UUID, who: str) -> list[str]:
    found = await s.ask(messaging.MESSAGES, ReadMessages(thread=thread), as_=who)
    return [message.text for message in found.messages]


async def test_an_erased_thread_is_gone_at_once_and_the_others_stay(stack: Open) -> None:
    async with stack("directory", "messaging", "handoffs") as s:
        maria = s.person(MARIA)
        thread, other = await written(s), await written(s)
        await s.ask(drafts.SAVE_DRAFT, drafts.SaveDraft(thread=thread, text=WORDS), as_=MARIA)
        file, photo = await uploaded(s, MARIA, thread=thread), await uploaded(s, MARIA, patient=maria)
        await s.ask(messaging.SEND, Send(thread=thread, text=WORDS, attachments=[file]), as_=MARIA)
        await s.fetch("messaging", "UPDATE attachment SET thread = $1, used_at = now() WHERE id = $2", thread, photo)
        looks = [await s.ask(files.CONTENT, files.OpenContent(attachment=one), as_=MARIA) for one in (file, photo)]
        assert await part_of(s, file, 1, looks[0].ticket, MARIA)
        wanted = people.RequestPerson(
            patient=maria, about=people.About.CARE, context=people.Doing(place="home", thread=thread)
        )
        request = await s.ask(people.REQUEST_PERSON, wanted, as_=MARIA)
        held = await s.ground("messaging").sealing.keys(maria, thread)
        for who, refusal in ((MARIA, Forbidden), (AMARA, Forbidden)):
            with pytest.raises(refusal):
                await erase(s, thread, who)
        with pytest.raises(NotFound):
            await erase(s, uuid4())

        done = await erase(s, thread, key="once")
        assert done == await erase(s, thread, key="once")
        with pytest.raises(NotFound):
            await erase(s, thread)
        for who in (MARIA, AMARA, "grace-kim", "sam-porter", "jonas-weber"):
            for op, ask in questions(roles_of(s, who), {"thread": thread}):
                answer = await told(s, op, ask, who)
                assert answer in (400, 403, 404) or getattr(answer, "drafts", None) == [], (
                    f"{who} {op.subject} {answer}"
                )
        with pytest.raises(NotFound):
            await s.ask(people.PERSON_REQUEST, people.OfRequest(request=request.request), as_=MARIA)
        for one, look in zip((file, photo), looks, strict=True):
            with pytest.raises(NotFound):
                await part_of(s, one, 1, look.ticket, MARIA)
            with pytest.raises(NotFound):
                await content_of(s, one, MARIA)
        with pytest.raises(GroupErased):
            await s.ground("messaging").sealing.keys(maria, photo)
        for who in (MARIA, AMARA):
            listed = await s.ask(messaging.THREADS, messaging.ReadThreads(patient=maria), as_=who)
            assert thread not in {one.thread for one in listed.threads}
            assert await read(s, other, who) == [WORDS, WORDS]
        assert held.generations, "a process still holding the keys reads nothing, since the row refuses"
        assert not await s.fetchval("messaging", "SELECT count(*) FROM group_key WHERE grp = $1", thread)
        assert not await s.fetchval("messaging", "SELECT count(*) FROM draft WHERE thread = $1", thread)
        await s.quiet()
        assert [one.event for one in await s.events(ThreadErased)] == [ThreadErased(thread=thread, patient=maria)]
        assert [one.event.request for one in await s.events(PersonRequestWithdrawn)] == [request.request]
        looked = await s.ask(ACCESSES["messaging"], OfPatient(patient=maria), as_=MARIA)
        assert any(access.actor == str(s.person(PETRA)) and "erase-thread" in access.what for access in looked.accesses)
        trail = await s.ask(handoffs.TRAIL, OfPatient(patient=maria), as_=MARIA)
        assert not [one for one in trail.open if one.case == thread]


async def test_an_erased_thread_stays_closed_in_a_data_backup_from_before_and_the_others_open(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        maria = s.person(MARIA)
        thread, other = await written(s), await written(s)
        backup = await dump(s.servers.postgres, "messaging")
        assert WORDS.encode() not in backup
        await erase(s, thread)
        await s.stop("messaging")
        await s.let_go()
        await restore(s.servers.postgres, "messaging", backup)
        await s.start("messaging")
        assert await s.fetchval("messaging", "SELECT count(*) FROM group_key WHERE grp = $1", thread), (
            "it is there again"
        )
        with pytest.raises(GroupErased):
            await s.ground("messaging").sealing.keys(maria, thread)
        for who in (MARIA, AMARA):
            with pytest.raises(NotFound):
                await read(s, thread, who)
            with pytest.raises(NotFound):
                await s.ask(messaging.SEND, Send(thread=thread, text="still there?"), as_=who)
            assert await read(s, other, who) == [WORDS, WORDS]
        listed = await s.ask(messaging.THREADS, messaging.ReadThreads(patient=maria), as_=MARIA)
        assert [one.thread for one in listed.threads] == [other]
        with pytest.raises(NotFound):
            await erase(s, thread)


async def test_an_erasure_broken_off_refuses_already_and_goes_on_when_it_is_asked_again(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        thread, maria = await written(s), s.person(MARIA)
        await in_keystore(s, "ALTER TABLE group_share RENAME TO away")
        with pytest.raises(Internal):
            await erase(s, thread, key="once")
        with pytest.raises(NotFound):
            await read(s, thread, MARIA)
        assert not await s.events(ThreadErased)
        await in_keystore(s, "ALTER TABLE away RENAME TO group_share")
        await erase(s, thread, key="once")
        await s.quiet()
        assert len(await s.events(ThreadErased)) == 1
        with pytest.raises(GroupErased):
            await s.ground("messaging").sealing.keys(maria, thread)


@pytest.mark.parametrize("state", ["requested", "answered"])
async def test_a_thread_with_a_consult_under_way_is_not_erased(stack: Open, state: str) -> None:
    async with stack("directory", "messaging") as s:
        thread, maria = await written(s), s.person(MARIA)
        await s.fetch("messaging", CONSULT, thread, maria, state)
        with pytest.raises(Conflict):
            await erase(s, thread)
        assert await read(s, thread, MARIA) == [WORDS, WORDS]


async def test_a_request_of_an_erased_patient_counts_against_nobody(stack: Open) -> None:
    async with stack("directory", "billing", "messaging") as s:
        done = await begun(s)
        approved = ErasureApproved(erasure=uuid4(), patient=s.person(MARIA))
        await s.handled("messaging", await s.publish(approved))
        rows = await s.fetch("messaging", "SELECT status, withdrawn_at FROM consult WHERE id = $1", done.consult)
        assert [(row["status"], row["withdrawn_at"] is None) for row in rows] == [("withdrawn", False)]


CONSULT = """
INSERT INTO consult (id, offer, patient, clinician, told_by, requested_by, sealed, status, thread, relationship,
                     requested_at, answer_due, answered_at, answered_by)
SELECT gen_random_uuid(), gen_random_uuid(), $2, $2, $2, $2, '', $3, $1, gen_random_uuid(), now(), now(),
       CASE $3 WHEN 'answered' THEN now() END, CASE $3 WHEN 'answered' THEN $2::uuid END
"""
