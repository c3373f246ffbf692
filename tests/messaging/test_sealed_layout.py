"""What messaging keeps of a message, its corrections and its files opens by the design's text alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from shared.requests import corrections, messaging
from shared.requests.messaging import OpenThread, Send
from tests.messaging.files import PART, png
from tests.messaging.uploading import NAME, uploaded
from tests.support.opener import Room

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from tests.support.stack import Open, Stack

MARIA = "maria-lopez"
MESSAGE, PART_OF_FILE, MANIFEST = 1, 10, 11
FINISHED = 1


async def room_of(s: Stack, thread: UUID) -> Room:
    patient = s.person(MARIA)
    keys = await s.ground("messaging").sealing.keys(patient, thread)
    return Room(s.servers.surroundings.practice.id, patient, thread, keys.generations)


async def test_messages_revisions_and_files_open_with_an_independent_opener(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        maria = s.person(MARIA)
        thread = (await s.ask(messaging.OPEN_THREAD, OpenThread(patient=maria), as_=MARIA)).thread
        content = png(size=PART + 1000)
        file = await uploaded(s, MARIA, content, thread=thread)
        ask = Send(thread=thread, text="as it was", attachments=[file])
        sent = await s.ask(messaging.SEND, ask, as_=MARIA)
        corrected = corrections.Correct(message=sent.message, revision=0, text="as it is")
        await s.ask(corrections.CORRECT, corrected, as_=MARIA)
        room = await room_of(s, thread)

        sealed = [
            *await s.fetch("messaging", "SELECT 0 AS revision, sealed FROM message WHERE id = $1", sent.message),
            *await s.fetch("messaging", "SELECT revision, sealed FROM revision WHERE message = $1", sent.message),
        ]
        for row, text in zip(sealed, (b"as it was", b"as it is"), strict=True):
            of = {"kind": MESSAGE, "object_": sent.message, "author": maria, "sequence": 1}
            assert room.opened(row["sealed"], revision=row["revision"], **of) == text

        manifest = await s.fetchval("messaging", "SELECT sealed FROM attachment WHERE id = $1", file)
        opened = room.opened(manifest, kind=MANIFEST, object_=file, author=maria, sequence=0, revision=FINISHED)
        assert json.loads(opened) == {"name": NAME, "media_type": "image/png", "size": len(content), "parts": 2}
        ground: MessagingGround = s.ground("messaging")  # type: ignore[assignment]
        parts = await s.fetch(
            "messaging", "SELECT part, object FROM attachment_part WHERE attachment = $1 ORDER BY 1", file
        )
        whole = b""
        for row in parts:
            body = await ground.objects.get(row["object"])
            of = {"kind": PART_OF_FILE, "object_": file, "author": maria, "sequence": row["part"]}
            whole += room.opened(body, revision=len(parts), **of)
        assert whole == content
