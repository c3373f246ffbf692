"""Where files rest: limits, what is given up, objects that nothing holds, and objects that were tampered with."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.directory import ErasureApproved
from services.messaging.model import attachments as rules
from services.messaging.operations.attachments.stored import PartSpoilt
from services.messaging.operations.attachments.tidy import remove_loose
from services.messaging.operations.ground import MessagingGround
from services.messaging.store import attachments as store
from shared.errors import Internal, Refusal, Unavailable
from shared.objects import ObjectMissing, Objects
from shared.requests import attachments as ask
from shared.requests import messaging
from shared.sealing import GroupErased, erase
from tests.messaging.files import PART, padded, pdf, png
from tests.messaging.test_attachments import refused
from tests.messaging.test_threads import BEN, MARIA, opened, send, treats
from tests.messaging.uploading import begun, content_of, finish, part_of, put, uploaded

if TYPE_CHECKING:
    from tests.support.stack import Stack

SERVICES = ("directory", "messaging")
THREE_PARTS = png(size=2 * PART + 1000)


async def test_files_waiting_for_a_message_are_so_many_and_no_more(stack: Any) -> None:
    async with stack(*SERVICES, variables={"BATON_MOST_UPLOADS": "3"}) as s:
        threads = [await opened(s) for _ in range(8)]
        together = (begun(s, MARIA, 10, thread=thread) for thread in threads)
        outcomes = await asyncio.gather(*together, return_exceptions=True)
        assert sum(isinstance(one, rules.TooManyUploads) for one in outcomes) == 5
        begun_ones = [one for one in outcomes if not isinstance(one, BaseException)]
        await s.ask(ask.ABANDON, ask.OfUpload(attachment=begun_ones[0]), as_=MARIA)
        await begun(s, MARIA, 10, thread=threads[0])


async def test_a_thread_holds_so_many_files_and_no_more(stack: Any) -> None:
    async with stack(*SERVICES, variables={"BATON_MOST_THREAD_ATTACHMENTS": "2"}) as s:
        thread = await opened(s)
        files = [await uploaded(s, MARIA, thread=thread) for _ in range(2)]
        await send(s, thread, "look", MARIA, attachments=files)
        await refused(rules.ThreadFull, begun(s, MARIA, 10, thread=thread))


def grounded(s: Stack) -> MessagingGround:
    ground = s.ground("messaging")
    assert isinstance(ground, MessagingGround)
    return ground


async def objects(s: Stack, file: UUID) -> list[UUID]:
    """The objects of the file's parts, in order."""
    rows = await s.fetch("messaging", "SELECT object FROM attachment_part WHERE attachment = $1 ORDER BY part", file)
    return [row["object"] for row in rows]


def path(folder: Path, name: UUID) -> Path:
    return folder / name.hex[:2] / name.hex


def stored(folder: Path) -> set[UUID]:
    return {UUID(one.name) for one in folder.rglob("*") if one.is_file()}


async def test_an_upload_that_is_given_up_is_gone_after_a_day_with_its_objects(stack: Any, tmp_path: Path) -> None:
    variables = {"BATON_OBJECTS_URL": tmp_path.as_uri(), "BATON_TIDY_SECONDS": "0.1"}
    async with stack(*SERVICES, variables=variables) as s:
        thread = await opened(s)
        file = await begun(s, MARIA, len(THREE_PARTS), thread=thread)
        await put(s, file, 1, THREE_PARTS[:PART], MARIA)
        used = await uploaded(s, MARIA, thread=thread)
        await send(s, thread, "look", MARIA, attachments=[used])
        waits = await uploaded(s, MARIA, thread=thread)
        abandoned = await uploaded(s, MARIA, thread=thread)
        await s.ask(ask.ABANDON, ask.OfUpload(attachment=abandoned), as_=MARIA)
        await s.until(lambda: counted(tmp_path, 3))
        s.clock.advance(timedelta(hours=23, minutes=59))
        await s.quiet()
        await s.ask(ask.ATTACHMENT, ask.OfAttachment(attachment=file), as_=MARIA)
        s.clock.advance(timedelta(minutes=2))
        await s.quiet()
        await refused(rules.NoSuchAttachment, s.ask(ask.ATTACHMENT, ask.OfAttachment(attachment=file), as_=MARIA))
        await s.until(lambda: counted(tmp_path, 2))
        s.clock.advance(timedelta(days=5, hours=23))
        await s.quiet()
        assert await content_of(s, waits, MARIA) == png()
        s.clock.advance(timedelta(hours=1))
        await s.quiet()
        await refused(rules.NoSuchAttachment, content_of(s, waits, MARIA))
        s.clock.advance(timedelta(days=400))
        await s.quiet()
        await s.until(lambda: counted(tmp_path, 1))
        assert await content_of(s, used, MARIA) == png()


async def counted(folder: Path, count: int) -> bool:
    return len(await asyncio.to_thread(stored, folder)) == count


async def test_an_object_that_no_transaction_held_is_found_and_removed(stack: Any, tmp_path: Path) -> None:
    async with stack(*SERVICES, variables={"BATON_OBJECTS_URL": tmp_path.as_uri()}) as s:
        file = await begun(s, MARIA, len(THREE_PARTS), thread=await opened(s))
        await s.as_owner("messaging", "ALTER TABLE attachment_part ADD CONSTRAINT broken CHECK (part <> 2)")
        await put(s, file, 1, THREE_PARTS[:PART], MARIA)
        await refused(Internal, put(s, file, 2, THREE_PARTS[PART : 2 * PART], MARIA))
        assert len(await asyncio.to_thread(stored, tmp_path)) == 2
        await remove_loose(grounded(s))
        assert len(await asyncio.to_thread(stored, tmp_path)) == 2, "it may still be on its way"
        s.clock.advance(rules.LOOSE_FOR + timedelta(seconds=1))
        await remove_loose(grounded(s))
        await remove_loose(grounded(s))
        assert await asyncio.to_thread(stored, tmp_path) == set(await objects(s, file))
        assert await s.fetchval("messaging", "SELECT count(*) FROM loose_object") == 0


async def test_an_object_that_was_removed_meanwhile_is_held_by_nothing(stack: Any, tmp_path: Path) -> None:
    async with stack(*SERVICES, variables={"BATON_OBJECTS_URL": tmp_path.as_uri()}) as s:
        file, name = await begun(s, MARIA, 10, thread=await opened(s)), uuid4()
        async with grounded(s).db.transaction() as tx:
            assert not await store.put(tx, file, 1, name)


async def test_what_was_tampered_with_in_the_store_is_given_to_nobody(stack: Any, tmp_path: Path) -> None:
    async with stack(*SERVICES, variables={"BATON_OBJECTS_URL": tmp_path.as_uri()}) as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        file, other = [await uploaded(s, MARIA, THREE_PARTS, thread=thread) for _ in range(2)]
        await send(s, thread, "look", MARIA, attachments=[file, other])
        names = [*await objects(s, file), *await objects(s, other)]
        kept = {name: await asyncio.to_thread(path(tmp_path, name).read_bytes) for name in names}
        first, second, third, *others = names
        flipped = bytearray(kept[second])
        flipped[len(flipped) // 2] ^= 1
        wrongs = {
            "a bit flipped": bytes(flipped),
            "cut short": kept[second][:-1],
            "longer": kept[second] + b"x",
            "empty": b"",
            "the part before": kept[first],
            "the part behind": kept[third],
            "the same part of another file": kept[others[1]],
            "noise": padded(b"", len(kept[second])),
            "plain": THREE_PARTS[PART : 2 * PART],
        }
        look = await s.ask(ask.CONTENT, ask.OpenContent(attachment=file), as_=BEN)
        for what, content in wrongs.items():
            await asyncio.to_thread(path(tmp_path, second).write_bytes, content)
            given = await asyncio.gather(part_of(s, file, 2, look.ticket, BEN), return_exceptions=True)
            assert [type(one) for one in given] == [PartSpoilt], what
        await asyncio.to_thread(path(tmp_path, second).unlink)
        await refused(PartSpoilt, part_of(s, file, 2, look.ticket, BEN))
        assert await part_of(s, file, 1, look.ticket, BEN) == THREE_PARTS[:PART]
        await asyncio.to_thread(path(tmp_path, second).write_bytes, kept[second])
        assert await content_of(s, file, BEN) == THREE_PARTS


async def test_rows_that_were_tampered_with_open_nothing(stack: Any) -> None:
    async with stack(*SERVICES) as s:
        thread = await opened(s)
        file, other = [await uploaded(s, MARIA, THREE_PARTS, thread=thread) for _ in range(2)]
        look = await s.ask(ask.CONTENT, ask.OpenContent(attachment=file), as_=MARIA)
        swap = "UPDATE attachment_part SET part = {to} WHERE attachment = '{file}' AND part = {part}"
        for part, to in ((1, 40), (2, 1), (40, 2)):
            await s.as_owner("messaging", swap.format(file=file, part=part, to=to))
        await refused(PartSpoilt, part_of(s, file, 1, look.ticket, MARIA))
        await refused(PartSpoilt, part_of(s, file, 2, look.ticket, MARIA))
        await s.as_owner("messaging", f"UPDATE attachment SET parts = 2, size = {2 * PART} WHERE id = '{other}'")  # noqa: S608
        await refused(Internal, content_of(s, other, MARIA))
        await refused(Internal, s.ask(ask.ATTACHMENT, ask.OfAttachment(attachment=other), as_=MARIA))


async def test_a_part_lost_before_the_end_of_the_upload_is_sent_again(stack: Any, tmp_path: Path) -> None:
    async with stack(*SERVICES, variables={"BATON_OBJECTS_URL": tmp_path.as_uri()}) as s:
        content = pdf(1000)
        file = await begun(s, MARIA, 1000, thread=await opened(s), media_type=ask.MediaType.PDF)
        await put(s, file, 1, content, MARIA)
        for spoil in (lambda one: one.unlink(), lambda one: one.write_bytes(b"spoilt")):
            (name,) = await objects(s, file)
            await asyncio.to_thread(spoil, path(tmp_path, name))
            await refused(PartSpoilt, finish(s, file, MARIA))
            await refused(rules.PartArriving, put(s, file, 1, content, MARIA))
            await put(s, file, 1, content, MARIA)
        await finish(s, file, MARIA)
        assert await content_of(s, file, MARIA) == content


async def test_of_an_erased_patient_nothing_opens_and_nothing_stays(stack: Any, tmp_path: Path) -> None:
    async with stack(*SERVICES, variables={"BATON_OBJECTS_URL": tmp_path.as_uri()}) as s:
        thread, maria = await opened(s), s.person(MARIA)
        file = await uploaded(s, MARIA, THREE_PARTS, thread=thread)
        look = await s.ask(ask.CONTENT, ask.OpenContent(attachment=file), as_=MARIA)
        ground = grounded(s)
        await erase(ground.sealing, maria, s.clock())
        for asked in (
            part_of(s, file, 1, look.ticket, MARIA),
            content_of(s, file, MARIA),
            put(s, file, 1, b"x", MARIA),
            begun(s, MARIA, 1, patient=maria),
            begun(s, MARIA, 1, thread=thread),
        ):
            assert (await refused(Refusal, asked)).status == 404
        approved = ErasureApproved(erasure=uuid4(), patient=maria)
        await s.deliver("messaging", approved)
        await remove_loose(ground)
        assert not await asyncio.to_thread(stored, tmp_path)


async def test_with_an_erased_thread_its_files_go_also_those_from_before_it(stack: Any, tmp_path: Path) -> None:
    async with stack(*SERVICES, variables={"BATON_OBJECTS_URL": tmp_path.as_uri()}) as s:
        thread, other, maria, ground = await opened(s), await opened(s), s.person(MARIA), grounded(s)
        sent, stays = await uploaded(s, MARIA, thread=thread), await uploaded(s, MARIA, thread=other)
        await send(s, thread, "look", MARIA, attachments=[sent])
        photo = await uploaded(s, MARIA, patient=maria)
        async with ground.db.transaction() as tx:
            await store.bind(tx, [photo], maria, maria, thread, s.clock())
        look = await s.ask(ask.CONTENT, ask.OpenContent(attachment=photo), as_=MARIA)
        await s.ask(messaging.ERASE_THREAD, messaging.OfThread(thread=thread), as_="petra-voss")
        for one in (sent, photo):
            await refused(rules.NoSuchAttachment, content_of(s, one, MARIA))
        await refused(rules.NoSuchAttachment, part_of(s, photo, 1, look.ticket, MARIA))
        for group in (thread, photo):
            ground.sealing.forget(maria)
            with pytest.raises(GroupErased):
                await ground.sealing.keys(maria, group)
        await remove_loose(ground)
        assert len(await asyncio.to_thread(stored, tmp_path)) == 1
        assert await content_of(s, stays, MARIA) == png()


async def test_what_is_uploaded_before_there_is_a_thread_is_bound_to_it_once(stack: Any) -> None:
    async with stack(*SERVICES) as s:
        await treats(s, BEN, MARIA)
        maria, thread, ground = s.person(MARIA), await opened(s), grounded(s)
        photo = await uploaded(s, MARIA, patient=maria)
        half = await begun(s, MARIA, 10, patient=maria)
        await refused(rules.NoSuchAttachment, content_of(s, photo, BEN))
        await refused(rules.NoSuchAttachment, send(s, thread, "look", MARIA, attachments=[photo]))
        ben = s.person(BEN)
        for ids, patient, person in (
            ([photo, half], maria, maria),
            ([photo], ben, maria),
            ([photo], maria, ben),
            ([uuid4()], maria, maria),
        ):
            with pytest.raises(rules.NoSuchAttachment):
                async with ground.db.transaction() as tx:
                    await store.bind(tx, ids, patient, person, thread, s.clock())
        async with ground.db.transaction() as tx:
            await store.bind(tx, [photo, photo], maria, maria, thread, s.clock())
        assert await content_of(s, photo, BEN) == png()
        with pytest.raises(rules.NoSuchAttachment):
            async with ground.db.transaction() as tx:
                await store.bind(tx, [photo], maria, maria, thread, s.clock())


async def test_a_store_out_of_reach_is_no_fault_of_the_file(tmp_path: Path) -> None:
    kept = Objects.at((tmp_path / "objects").as_uri())
    name = uuid4()
    await kept.put(name, b"sealed")
    assert await kept.get(name) == b"sealed"
    await kept.remove([name, uuid4()])
    with pytest.raises(ObjectMissing):
        await kept.get(name)
    blocked = path(tmp_path / "objects", name).parent
    blocked.rmdir()
    blocked.write_text("in the way")
    with pytest.raises(Unavailable):
        await kept.put(name, b"sealed")
