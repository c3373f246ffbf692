"""What messaging is asked about files: sent in parts, checked once whole, read in ranges."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared.identity.people import Role
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PART_BYTES = 512 * 1024
LARGEST_FILE = 25 * 1024 * 1024
MOST_PARTS = LARGEST_FILE // PART_BYTES
MOST_IN_MESSAGE = 10

WRITERS = frozenset({Role.PATIENT, Role.PROXY, Role.CLINICIAN, Role.NURSE, Role.SUPPORT})
FileName = Annotated[
    str,
    Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$", description="A file's name, sealed at rest."),
]
PartNumber = Annotated[int, Meta(ge=1, le=MOST_PARTS)]


class MediaType(StrEnum):
    """The types of file that are taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    PDF = "application/pdf"


class BeginUpload(Ask, frozen=True, kw_only=True):
    """Announce a file for a message in `thread`, or for what `patient` is about to ask for; exactly one of the two.

    `size` is exact, in bytes, at most 25 MiB.
    """

    name: FileName
    media_type: MediaType
    size: Annotated[int, Meta(ge=1, le=2**62)]
    thread: UUID | None = None
    patient: UUID | None = None


class UploadBegun(Done, frozen=True, kw_only=True):
    """Send `parts` parts of `part_bytes` bytes, the last one shorter, in any order, each as often as needed."""

    attachment: UUID
    part_bytes: int
    parts: int


class PutPart(Ask, frozen=True, kw_only=True):
    """One part, counted from 1."""

    attachment: UUID
    part: PartNumber
    body: bytes


class PartPut(Done, frozen=True, kw_only=True):
    """It is kept."""

    attachment: UUID
    part: int


class OfUpload(Ask, frozen=True, kw_only=True):
    """A change of one upload of the caller's."""

    attachment: UUID


class UploadFinished(Done, frozen=True, kw_only=True):
    """The file is whole and of the type it said; a message may carry it."""

    attachment: UUID
    at: datetime


class UploadAbandoned(Done, frozen=True, kw_only=True):
    """The file is gone."""

    attachment: UUID


class OfAttachment(Ask, frozen=True, kw_only=True):
    """A question about one file."""

    attachment: UUID


class Attachment(Answer, frozen=True, kw_only=True):
    """A file as it stands. `there` lists the parts that have arrived, so that an upload goes on where it broke off."""

    attachment: UUID
    patient: UUID
    thread: UUID | None
    message: UUID | None
    name: str
    media_type: MediaType
    size: int
    part_bytes: int
    parts: int
    there: list[int]
    finished: bool


class Attached(Answer, frozen=True, kw_only=True):
    """A file that a message carries."""

    attachment: UUID
    name: str
    media_type: MediaType
    size: int


class OpenContent(Ask, frozen=True, kw_only=True):
    """The file's bytes, or one range of them as HTTP's Range header names it."""

    attachment: UUID
    range: Annotated[str, Meta(max_length=200)] | None = None


class ContentOpened(Answer, frozen=True, kw_only=True):
    """The look is on record. `first` and `last` are the bytes asked for; `ticket` opens the parts they lie in."""

    name: str
    media_type: MediaType
    size: int
    first: int
    last: int
    part_bytes: int
    ticket: bytes


class ReadPart(Ask, frozen=True, kw_only=True):
    """One part of a look that is on record."""

    attachment: UUID
    part: PartNumber
    ticket: Annotated[bytes, Meta(max_length=400)]


class Part(Answer, frozen=True, kw_only=True):
    """Its bytes."""

    body: bytes


BEGIN = operation(Operation("messaging", "begin-upload", BeginUpload, UploadBegun, command=True, roles=WRITERS))
PUT_PART = operation(
    Operation(
        "messaging",
        "put-part",
        PutPart,
        PartPut,
        command=True,
        roles=WRITERS,
        largest=PART_BYTES // 3 * 4 + 2 * 1024,
    ),
)
FINISH = operation(Operation("messaging", "finish-upload", OfUpload, UploadFinished, command=True, roles=WRITERS))
ABANDON = operation(Operation("messaging", "abandon-upload", OfUpload, UploadAbandoned, command=True, roles=WRITERS))
ATTACHMENT = operation(Operation("messaging", "attachment", OfAttachment, Attachment, roles=WRITERS))
CONTENT = operation(Operation("messaging", "open-content", OpenContent, ContentOpened, roles=WRITERS))
PART = operation(Operation("messaging", "read-part", ReadPart, Part, roles=WRITERS))
