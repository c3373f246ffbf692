"""Files as they are: a part of an upload as the body of a request, a whole file as the body of an answer."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from aiohttp import web

from services.gateway.body import raw_body
from services.gateway.refusals import GivenTwice, NotBytes
from shared.bus.endpoint import fault
from shared.errors import Invalid
from shared.requests.common import Content

if TYPE_CHECKING:
    from shared.requests import Operation

BYTES = "application/octet-stream"
BODY = "body"
FRAME = 1024
"""What a part's own ask may take beside its bytes."""
LONGEST_NAME = 150
UNSAFE = frozenset('<>:"/\\|?*;%')


def largest_part(op: Operation[Any, Any]) -> int:
    """How many bytes fit the operation, which carries them as base64."""
    return (op.largest - FRAME) // 4 * 3


async def part_body(request: web.Request, op: Operation[Any, Any], seconds: float) -> bytes:
    """The ask that the address and the bare body make up; raises NotBytes, Invalid, TooLarge or BodyTooSlow."""
    if request.content_type != BYTES or request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotBytes
    if request.query:
        raise GivenTwice(field=next(iter(request.query)))
    try:
        ask = msgspec.convert({**request.match_info, BODY: b""}, op.takes, strict=False)
    except msgspec.ValidationError as error:
        field, problem = fault(str(error))
        raise Invalid(field=field, problem=problem) from None
    named = {name: getattr(ask, name) for name in request.match_info}
    body = await raw_body(request, largest_part(op), seconds)
    return msgspec.json.encode({**named, BODY: body})


def whole(body: bytes) -> web.Response:
    """A file out of an answer, as a download."""
    file = msgspec.json.decode(body, type=Content)
    return web.Response(body=file.body, headers={"Content-Type": file.media_type, **kept_as(file.name)})


def kept_as(name: str) -> dict[str, str]:
    """The header that has a browser keep a file under its name, and never show it as a page (RFC 6266)."""
    safe = safe_name(name)
    # Made plain first: a wide quotation mark is a quotation mark then, and would end the value.
    plain = safe_name(unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode())
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"}


def safe_name(name: str) -> str:
    """The name without folders, without what a file system or a header takes for a sign, and not hidden."""
    plain = "".join("_" if one in UNSAFE or unicodedata.category(one)[0] == "C" else one for one in name)
    shorter = plain.strip(" .")
    if len(shorter) > LONGEST_NAME:
        stem, dot, ending = shorter.rpartition(".")
        kept = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        shorter = shorter[: LONGEST_NAME - len(kept)] + kept
    return shorter or "file"
