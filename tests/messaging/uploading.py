"""Upload a file as the app does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.requests import attachments as ask
from tests.messaging.files import PART, png

if TYPE_CHECKING:
    from tests.support.stack import Stack

NAME = "the rash behind my knee.png"


async def begun(s: Stack, by: str, size: int, **more: Any) -> UUID:
    """Begin an upload."""
    values = {"name": NAME, "media_type": ask.MediaType.PNG, "size": size, **more}
    return (await s.ask(ask.BEGIN, ask.BeginUpload(**values), as_=by)).attachment


async def put(s: Stack, attachment: UUID, part: int, body: bytes, by: str, key: str = "") -> None:
    """Send one part."""
    await s.ask(ask.PUT_PART, ask.PutPart(attachment=attachment, part=part, body=body), as_=by, key=key)


async def put_all(s: Stack, attachment: UUID, content: bytes, by: str) -> None:
    """Send every part."""
    for index in range(-(-len(content) // PART)):
        await put(s, attachment, index + 1, content[index * PART : (index + 1) * PART], by)


async def finish(s: Stack, attachment: UUID, by: str) -> None:
    """Finish."""
    await s.ask(ask.FINISH, ask.OfUpload(attachment=attachment), as_=by)


async def uploaded(s: Stack, by: str, content: bytes = b"", **more: Any) -> UUID:
    """A whole file."""
    content = content or png()
    attachment = await begun(s, by, len(content), **more)
    await put_all(s, attachment, content, by)
    await finish(s, attachment, by)
    return attachment


async def content_of(s: Stack, attachment: UUID, by: str, asked: str | None = None) -> bytes:
    """The bytes of a range, as the gateway puts them together."""
    opened = await s.ask(ask.CONTENT, ask.OpenContent(attachment=attachment, range=asked), as_=by)
    first, last = opened.first // PART, opened.last // PART
    whole = b"".join([await part_of(s, attachment, index + 1, opened.ticket, by) for index in range(first, last + 1)])
    return whole[opened.first - first * PART : opened.last - first * PART + 1]


async def part_of(s: Stack, attachment: UUID, part: int, ticket: bytes, by: str) -> bytes:
    """One part of a look on record."""
    return (await s.ask(ask.PART, ask.ReadPart(attachment=attachment, part=part, ticket=ticket), as_=by)).body
