"""Who could open something once and may not any more: out of the team, after erasure, after a message is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from shared.errors import Invalid, NotFound
from shared.requests import attachments, conversation, corrections, custody, drafts, messaging, people
from shared.requests import consults as by_consult
from shared.requests.messaging import OfThread
from tests.messaging.consulting import begun, decline, providers, shown
from tests.messaging.people import DANA, MARIA, SAM, SECRET, join, log_of, logged, raw, told, wanted, write
from tests.messaging.uploading import part_of, uploaded

if TYPE_CHECKING:
    from shared.requests import Operation
    from tests.support.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("consults")]

ERASE = "UPDATE thread SET erased_at = now(), closed_at = now() WHERE id = $1"
"""What erasing a thread commits first: other processes may hold its keys for a while yet."""


async def test_who_was_called_because_of_a_consult_reads_it_while_in_a_team_that_is_called(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    state = await decline(s, done.consult, offers="person")
    assert state.person_request
    await join(s, state.person_request, DANA)
    assert (await shown(s, done.consult, DANA)).declined
    ask = by_consult.AskConsult(consult=done.consult)
    with pytest.raises(NotFound):
        await s.ask(by_consult.CONSULT, ask, token=s.token(DANA, teams=["room:elsewhere"]))


async def test_the_log_shows_a_threads_words_to_who_sees_to_it_while_in_its_team(by_message: Stack) -> None:
    s = by_message
    kept = await logged(s, "fern-dale", words="by fern")
    assert kept.thread
    await s.ask(custody.CLAIM, OfThread(thread=kept.thread), as_=SAM)
    assert [one.words for one in (await log_of(s, SAM)).contacts] == ["by fern"]
    ask = people.ReadContacts(patient=s.person(MARIA))
    with pytest.raises(NotFound):
        await s.ask(people.CONTACTS, ask, token=s.token(SAM, teams=["room:elsewhere"]))


async def test_what_stands_beside_an_erased_thread_is_refused_while_its_keys_are_still_held(by_message: Stack) -> None:
    s = by_message
    asked = await wanted(s, words=SECRET)
    kept = await logged(s, SAM, words=SECRET)
    assert [one.words for one in await told(s, asked.request, MARIA)] == [SECRET]
    for thread in (asked.thread, kept.thread):
        await s.fetch("messaging", ERASE, thread)
    with pytest.raises(NotFound):
        await told(s, asked.request, MARIA)
    entries = {one.contact: one.words for one in (await log_of(s, MARIA)).contacts}
    assert entries[kept.contact] is None


async def test_a_look_at_a_file_ends_when_its_message_is_taken_back(by_message: Stack) -> None:
    s = by_message
    thread = (await s.ask(messaging.OPEN_THREAD, messaging.OpenThread(patient=s.person(MARIA)), as_=MARIA)).thread
    file = await uploaded(s, MARIA, thread=thread)
    sent = await s.ask(messaging.SEND, messaging.Send(thread=thread, text="look", attachments=[file]), as_=MARIA)
    look = await s.ask(attachments.CONTENT, attachments.OpenContent(attachment=file), as_="grace-kim")
    assert await part_of(s, file, 1, look.ticket, "grace-kim")
    await s.ask(corrections.RETRACT, corrections.OfMessage(message=sent.message), as_=MARIA)
    with pytest.raises(NotFound):
        await part_of(s, file, 1, look.ticket, "grace-kim")


async def test_to_be_told_what_a_consult_was_about_is_on_record_though_nobody_treats_it(by_message: Stack) -> None:
    s = by_message
    done = await begun(s)
    await decline(s, done.consult)
    await s.as_owner("directory", "UPDATE patient SET birth_date = '1900-01-01' WHERE name = 'Maria Lopez'")
    found = await providers(s, condition=None, instead_of=done.consult)
    assert (found.offers, found.not_for) == ([], ["too-old"])
    looks = "SELECT count(*) FROM audit WHERE operation = $1 AND object = $2 AND action = 'read'"
    assert await s.fetchval("messaging", looks, by_consult.FIND_PROVIDERS.subject, done.consult) == 1


@pytest.mark.parametrize("number", [2**62 + 1, 2**63, 10**30])
async def test_a_number_beyond_every_sequence_is_bad_input(by_message: Stack, number: int) -> None:
    s = by_message
    opened = await s.ask(messaging.OPEN_THREAD, messaging.OpenThread(patient=s.person(MARIA)), as_=MARIA)
    thread = str(opened.thread)
    await write(s, UUID(thread), "hello", MARIA)
    draft = str((await s.ask(drafts.SAVE_DRAFT, drafts.SaveDraft(thread=opened.thread, text="x"), as_=MARIA)).draft)
    asks: list[tuple[Operation[Any, Any], dict[str, Any]]] = [
        (messaging.MESSAGES, {"thread": thread, "before": number}),
        (messaging.MARK_READ, {"thread": thread, "sequence": number}),
        (messaging.SEND, {"thread": thread, "text": "a", "draft": draft, "draft_version": number}),
        (messaging.SEND, {"thread": thread, "text": "a", "draft": draft, "draft_version": -number}),
        (drafts.DRAFTS, {"before": number}),
        (drafts.DISCARD_DRAFT, {"draft": draft, "version": number}),
        (conversation.SEARCH, {"thread": thread, "words": "a", "before": number}),
    ]
    for op, body in asks:
        with pytest.raises(Invalid):
            await raw(s, op, body, MARIA)
