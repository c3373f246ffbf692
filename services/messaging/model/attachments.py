"""The rules of files: how they fall into parts, which bytes a range means, what is refused."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.errors import Conflict, Invalid, NotFound, Refusal, TooLarge, Unavailable
from shared.requests.attachments import LARGEST_FILE, PART_BYTES

ABANDONED_AFTER = timedelta(hours=24)
"""How long an upload may take."""
UNUSED_AFTER = timedelta(days=7)
"""How long a whole file waits for the message that carries it."""
LOOSE_FOR = timedelta(hours=1)
"""How long an object may stand in the store before a row holds it; no request lives that long."""
LOOK_LASTS = timedelta(minutes=15)
"""How long after its look is on record a file's parts are given."""

RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII)
TICKET = struct.Struct(">QII")


@dataclass(frozen=True, kw_only=True)
class Card:
    """An attachment as the open transaction sees it."""

    id: UUID
    patient: UUID
    thread: UUID | None
    author: UUID
    key_group: UUID
    size: int
    parts: int
    sealed: bytes
    finished: bool
    used: bool
    message: UUID | None
    erased: bool = False
    retracted: bool = False


def parts_of(size: int) -> int:
    """In how many parts a file of this size is sent."""
    return -(-size // PART_BYTES)


def part_length(size: int, part: int) -> int:
    """How many bytes the part of such a file has."""
    return min(PART_BYTES, size - (part - 1) * PART_BYTES)


def check_size(size: int) -> None:
    """Raise FileTooLarge."""
    if size > LARGEST_FILE:
        raise FileTooLarge(most=LARGEST_FILE)


def bytes_asked(header: str | None, size: int) -> tuple[int, int]:
    """The first and last byte that a Range header asks for: all where it names no single range (RFC 9110, 14.2).

    Raises RangeNotSatisfiable where the file does not reach that far.
    """
    found = RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return 0, size - 1
    if found[1] == "":
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(size - 1, int(found[2] or size - 1))
        if found[2] and int(found[2]) < first:
            return 0, size - 1
    if first >= size:
        raise RangeNotSatisfiable(size=size)
    return first, last


def ticket(first: int, last: int, now: datetime) -> bytes:
    """What a look at these bytes is given, to be sealed: until when, and the parts they lie in."""
    until = int((now + LOOK_LASTS).timestamp())
    return TICKET.pack(until, first // PART_BYTES + 1, last // PART_BYTES + 1)


def check_ticket(opened: bytes, part: int, now: datetime) -> None:
    """Raise NoSuchAttachment for a part outside the look, or once it is over."""
    until, first, last = TICKET.unpack(opened)
    if now > datetime.fromtimestamp(until, UTC) or not first <= part <= last:
        raise NoSuchAttachment


class FileTooLarge(TooLarge):
    """The file is larger than 25 MB, which is the most that is taken. Send a smaller one."""

    code = "file-too-large"


class OneOfThreadOrPatient(Invalid):
    """Name the thread that the file is for, or the patient where there is no thread yet; one of the two."""

    code = "thread-or-patient"


class NoSuchAttachment(NotFound):
    """There is no such file that you can open. Look at the messages of your threads, or ask the practice."""

    code = "no-such-attachment"


class TooManyUploads(Conflict):
    """You have as many files waiting as can be. Send those in a message or abandon them, then begin again."""

    code = "too-many-uploads"


class ThreadFull(Conflict):
    """This thread holds as many files as it can. Open a new thread, or ask the practice."""

    code = "thread-full"


class PartOutOfRange(Invalid):
    """The file has fewer parts than that. Its parts are counted from 1."""

    code = "no-such-part"


class PartWrongLength(Invalid):
    """The part is not as long as it must be. Send exactly the bytes named in `expected`."""

    code = "part-wrong-length"


class PartDiffers(Conflict):
    """This part has arrived before with other bytes. Abandon the upload and begin again."""

    code = "part-differs"


class PartArriving(Unavailable):
    """The same part is arriving twice at once. Send it again shortly."""

    code = "part-arriving"


class UploadWhole(Conflict):
    """This upload was finished before and cannot be changed. Send it in a message, or abandon it."""

    code = "upload-finished"


class UploadUnfinished(Conflict):
    """Some parts of this file have not arrived, or it was not finished. Send what is missing and finish it."""

    code = "upload-unfinished"


class NotAsClaimed(Invalid):
    """The file is not of the type that was named. Begin again and name its type, or choose another file."""

    code = "not-as-claimed"


class ImageTooLarge(Invalid):
    """The picture has more pixels than can be shown safely, or does not say how many. Send a smaller one."""

    code = "image-too-large"


class AttachmentUsed(Conflict):
    """This file stands in a message already. Upload it again to send it once more."""

    code = "attachment-used"


class RangeNotSatisfiable(Refusal):
    """The file does not reach that far. Its size is in `size`, in bytes."""

    status = 416
    code = "range-not-satisfiable"
