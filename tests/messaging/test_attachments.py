"""Files in threads: sent in parts, checked once whole, carried by messages, opened to whoever the thread opens to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.messaging.model import attachments as rules
from services.messaging.model.threads import NoSuchThread, ThreadIsClosed
from shared.errors import Invalid, NotFound, Refusal
from shared.requests import attachments as ask
from shared.requests import messaging
from shared.requests.common import ACCESSES, OfPatient
from tests.messaging.files import PART, jpeg, png
from tests.messaging.test_threads import BEN, JONAS, MARIA, opened, send, treats
from tests.messaging.uploading import NAME, begun, content_of, finish, part_of, put, put_all, uploaded
from tests.support.stack import stack as stack_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from tests.support.stack import Stack

TWO_PARTS = png(size=PART + 1000)
SERVICES = ("directory", "messaging")
DANA = "dana-reyes"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    """One stack for the tests that need nothing of their own."""
    async with stack_of(*SERVICES, variables={"BATON_MOST_UPLOADS": "1000"}) as found:
        yield found


async def refused(kind: type[Refusal], asked: Any) -> Refusal:
    with pytest.raises(kind) as found:
        await asked
    return found.value


async def looked(s: Stack, file: UUID) -> list[tuple[str, str]]:
    """What is on record of a file: what was asked, and what of it."""
    rows = await s.fetch("messaging", "SELECT operation, range FROM audit WHERE object = $1 ORDER BY id", file)
    return [(row["operation"].rpartition(".")[2], row["range"]) for row in rows]


async def test_a_file_reaches_the_other_side_with_its_message(s: Stack) -> None:
    await treats(s, BEN, MARIA)
    thread = await opened(s)
    file = await uploaded(s, MARIA, TWO_PARTS, thread=thread)
    sent = await send(s, thread, "look", MARIA, attachments=[file])
    page = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=thread), as_=BEN)
    attached = ask.Attached(attachment=file, name=NAME, media_type=ask.MediaType.PNG, size=len(TWO_PARTS))
    assert page.messages[0].attachments == [attached]
    assert await content_of(s, file, BEN) == TWO_PARTS
    assert await content_of(s, file, BEN, "bytes=524280-524300") == TWO_PARTS[524280:524301]
    seen = await s.ask(ask.ATTACHMENT, ask.OfAttachment(attachment=file), as_=BEN)
    assert (seen.message, seen.there, seen.finished, seen.name) == (sent.message, [1, 2], True, NAME)
    assert await looked(s, file) == [
        ("begin-upload", f"{len(TWO_PARTS)} bytes to come"),
        ("put-part", "part 1"),
        ("put-part", "part 2"),
        ("finish-upload", f"{len(TWO_PARTS)} bytes"),
        ("open-content", f"bytes 0-{len(TWO_PARTS) - 1} of {len(TWO_PARTS)}"),
        ("open-content", f"bytes 524280-524300 of {len(TWO_PARTS)}"),
        ("attachment", "name"),
    ]
    shown = await s.ask(ACCESSES["messaging"], OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert sum(one.actor == str(s.person(BEN)) and one.action == "read" for one in shown.accesses) == 4


async def test_an_upload_goes_on_where_it_broke_off_and_in_any_order(s: Stack) -> None:
    thread = await opened(s)
    file = await begun(s, MARIA, len(TWO_PARTS), thread=thread)
    await put(s, file, 2, TWO_PARTS[PART:], MARIA)
    await s.restart("messaging")
    state = await s.ask(ask.ATTACHMENT, ask.OfAttachment(attachment=file), as_=MARIA)
    assert (state.there, state.parts, state.finished) == ([2], 2, False)
    unfinished = await refused(rules.UploadUnfinished, finish(s, file, MARIA))
    assert unfinished.members["there"] == [2]
    await refused(rules.UploadUnfinished, content_of(s, file, MARIA))
    await refused(rules.UploadUnfinished, send(s, thread, "look", MARIA, attachments=[file]))
    await put(s, file, 1, TWO_PARTS[:PART], MARIA)
    await finish(s, file, MARIA)
    assert await content_of(s, file, MARIA) == TWO_PARTS


async def test_the_same_part_again_changes_nothing_and_other_bytes_are_refused(s: Stack) -> None:
    content = png(size=3000)
    file = await begun(s, MARIA, 3000, thread=await opened(s))
    await put(s, file, 1, content, MARIA, key="once")
    await put(s, file, 1, content, MARIA, key="once")
    await put(s, file, 1, content, MARIA)
    await refused(rules.PartDiffers, put(s, file, 1, png(size=3000, seed=1), MARIA))
    outcomes = await asyncio.gather(*(put(s, file, 1, content, MARIA) for _ in range(5)))
    assert outcomes == [None] * 5
    assert await s.fetchval("messaging", "SELECT count(*) FROM attachment_part WHERE attachment = $1", file) == 1
    await finish(s, file, MARIA)
    assert await content_of(s, file, MARIA) == content


async def test_the_same_part_twice_at_once_is_kept_once(s: Stack) -> None:
    content = png(size=300_000)
    file = await begun(s, MARIA, len(content), thread=await opened(s))
    outcomes = await asyncio.gather(*(put(s, file, 1, content, MARIA) for _ in range(8)), return_exceptions=True)
    assert all(one is None or isinstance(one, rules.PartArriving) for one in outcomes)
    assert None in outcomes
    await finish(s, file, MARIA)
    assert await content_of(s, file, MARIA) == content


async def test_a_file_is_refused_before_a_byte_of_it_is_sent(s: Stack) -> None:
    thread, maria = await opened(s), s.person(MARIA)
    large = await refused(rules.FileTooLarge, begun(s, MARIA, ask.LARGEST_FILE + 1, thread=thread))
    assert (large.status, large.members["most"]) == (413, 25 * 1024 * 1024)
    await begun(s, MARIA, ask.LARGEST_FILE, thread=thread)
    await refused(rules.OneOfThreadOrPatient, begun(s, MARIA, 1))
    await refused(rules.OneOfThreadOrPatient, begun(s, MARIA, 1, thread=thread, patient=maria))
    for wrong in ({"size": 0}, {"size": -1}, {"name": ""}, {"name": "x" * 121}, {"name": "a\nb"}):
        await refused(Invalid, begun(s, MARIA, **{"size": 1, "thread": thread, **wrong}))
    await treats(s, BEN, MARIA)
    await s.ask(messaging.CLOSE_THREAD, messaging.OfThread(thread=thread), as_=BEN)
    await refused(ThreadIsClosed, begun(s, MARIA, 1, thread=thread))


async def test_a_part_that_is_not_as_it_must_be_is_refused(s: Stack) -> None:
    file = await begun(s, MARIA, len(TWO_PARTS), thread=await opened(s))
    short = await refused(rules.PartWrongLength, put(s, file, 1, TWO_PARTS[: PART - 1], MARIA))
    assert short.members == {"field": "body", "expected": PART}
    for part, body in ((1, b""), (2, TWO_PARTS[:PART]), (2, TWO_PARTS[PART:] + b"x"), (2, b"")):
        await refused(rules.PartWrongLength, put(s, file, part, body, MARIA))
    await refused(rules.PartOutOfRange, put(s, file, 3, b"x", MARIA))
    for part in (0, -1, 51, 10_001):
        await refused(Invalid, put(s, file, part, b"x", MARIA))
    assert await s.fetchval("messaging", "SELECT count(*) FROM attachment_part WHERE attachment = $1", file) == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (jpeg(size=2000), rules.NotAsClaimed),
        (b"<html><script>alert(1)</script></html>", rules.NotAsClaimed),
        (png(50_000, 50_000), rules.ImageTooLarge),
    ],
    ids=["another picture", "a page", "a picture that unpacks to gigabytes"],
)
async def test_a_file_that_lies_is_not_finished(s: Stack, content: bytes, why: type[Refusal]) -> None:
    thread = await opened(s)
    file = await begun(s, MARIA, len(content), thread=thread)
    await put_all(s, file, content, MARIA)
    await refused(why, finish(s, file, MARIA))
    await refused(rules.UploadUnfinished, send(s, thread, "look", MARIA, attachments=[file]))
    await s.ask(ask.ABANDON, ask.OfUpload(attachment=file), as_=MARIA)
    await refused(rules.NoSuchAttachment, finish(s, file, MARIA))


async def test_what_is_whole_is_not_changed(s: Stack) -> None:
    thread = await opened(s)
    file = await uploaded(s, MARIA, TWO_PARTS, thread=thread)
    await refused(rules.UploadWhole, finish(s, file, MARIA))
    await refused(rules.UploadWhole, put(s, file, 2, TWO_PARTS[PART:], MARIA))
    await send(s, thread, "look", MARIA, attachments=[file])
    await refused(rules.AttachmentUsed, send(s, thread, "again", MARIA, attachments=[file]))
    await refused(rules.AttachmentUsed, s.ask(ask.ABANDON, ask.OfUpload(attachment=file), as_=MARIA))


async def test_a_message_sent_again_under_its_key_carries_its_files_once(s: Stack) -> None:
    thread = await opened(s)
    file = await uploaded(s, MARIA, thread=thread)
    letter = messaging.Send(thread=thread, text="look", attachments=[file])
    first, *others = [await s.ask(messaging.SEND, letter, as_=MARIA, key="once") for _ in range(3)]
    assert others == [first, first]
    together = (send(s, thread, "at once", MARIA, attachments=[file]) for _ in range(5))
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert all(isinstance(one, rules.AttachmentUsed) for one in outcomes)
    assert await s.fetchval("messaging", "SELECT count(*) FROM message WHERE thread = $1", thread) == 1


async def test_of_many_messages_at_once_one_carries_the_file(s: Stack) -> None:
    thread = await opened(s)
    file = await uploaded(s, MARIA, thread=thread)
    together = (send(s, thread, f"look {i}", MARIA, attachments=[file]) for i in range(6))
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert sum(isinstance(one, messaging.Sent) for one in outcomes) == 1
    assert sum(isinstance(one, rules.AttachmentUsed) for one in outcomes) == 5


async def test_to_others_an_upload_is_not_there(s: Stack) -> None:
    await treats(s, BEN, MARIA)
    thread = await opened(s)
    theirs = await opened(s, JONAS, JONAS)
    file = await uploaded(s, MARIA, thread=thread)
    begun_only = await begun(s, MARIA, 10, thread=thread)
    for one in (file, begun_only, uuid4()):
        for who in (BEN, JONAS, DANA):
            await _nothing_there(s, one, who)
    await refused(rules.NoSuchAttachment, send(s, theirs, "mine?", JONAS, attachments=[file]))
    await refused(rules.NoSuchAttachment, send(s, thread, "hers", BEN, attachments=[file]))
    await refused(NoSuchThread, begun(s, JONAS, 10, thread=thread))
    await refused(NotFound, begun(s, JONAS, 10, patient=s.person(MARIA)))
    await send(s, thread, "look", MARIA, attachments=[file])
    assert await content_of(s, file, BEN) == png()
    assert await content_of(s, file, DANA) == png(), "her team owes an answer"
    await send(s, thread, "thank you", BEN)
    for who in (JONAS, DANA):
        await refused(rules.NoSuchAttachment, content_of(s, file, who))
        await refused(rules.NoSuchAttachment, s.ask(ask.ATTACHMENT, ask.OfAttachment(attachment=file), as_=who))
    await refused(rules.NoSuchAttachment, put(s, file, 1, png(), BEN))


async def _nothing_there(s: Stack, file: UUID, who: str) -> None:
    await refused(rules.NoSuchAttachment, content_of(s, file, who))
    await refused(rules.NoSuchAttachment, put(s, file, 1, png(), who))
    await refused(rules.NoSuchAttachment, finish(s, file, who))
    for op, kind in ((ask.ABANDON, ask.OfUpload), (ask.ATTACHMENT, ask.OfAttachment)):
        await refused(rules.NoSuchAttachment, s.ask(op, kind(attachment=file), as_=who))


async def test_a_file_of_one_thread_does_not_go_into_another(s: Stack) -> None:
    one, other = await opened(s), await opened(s)
    file = await uploaded(s, MARIA, thread=one)
    await refused(rules.NoSuchAttachment, send(s, other, "look", MARIA, attachments=[file]))
    await refused(Invalid, send(s, one, "look", MARIA, attachments=[file] * 11))
    assert (await send(s, one, "look", MARIA, attachments=[file, file])).sequence == 1


async def test_parts_are_given_only_for_a_look_on_record(s: Stack) -> None:
    await treats(s, BEN, MARIA)
    thread = await opened(s)
    file, other = [await uploaded(s, MARIA, TWO_PARTS, thread=thread) for _ in range(2)]
    await send(s, thread, "look", MARIA, attachments=[file, other])
    look = await s.ask(ask.CONTENT, ask.OpenContent(attachment=file, range="bytes=0-9"), as_=BEN)
    assert await part_of(s, file, 1, look.ticket, BEN) == TWO_PARTS[:PART]
    await refused(rules.NoSuchAttachment, part_of(s, file, 2, look.ticket, BEN))
    await refused(rules.NoSuchAttachment, part_of(s, other, 1, look.ticket, BEN))
    await refused(rules.NoSuchAttachment, part_of(s, file, 1, look.ticket, MARIA))
    for forged in (b"", look.ticket[:-1], look.ticket[:-1] + bytes([look.ticket[-1] ^ 1]), b"x" * 100):
        await refused(rules.NoSuchAttachment, part_of(s, file, 1, forged, BEN))
    s.clock.advance(timedelta(minutes=16))
    await refused(rules.NoSuchAttachment, part_of(s, file, 1, look.ticket, BEN))


async def test_a_page_of_messages_with_many_files_goes_on_behind_a_cursor(s: Stack) -> None:
    thread = await opened(s)
    for number in range(7):
        files = [await uploaded(s, MARIA, thread=thread) for _ in range(10)]
        await send(s, thread, str(number), MARIA, attachments=files)
    read = messaging.ReadMessages(thread=thread)
    page = await s.ask(messaging.MESSAGES, read, as_=MARIA)
    assert [message.text for message in page.messages] == ["6", "5", "4", "3", "2", "1"]
    rest = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=thread, before=page.before), as_=MARIA)
    assert [(message.text, len(message.attachments)) for message in rest.messages] == [("0", 10)]
