"""What messaging is asked about drafts: what somebody has begun to write, on whatever device they go on with it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared.requests.common import Code, Sequence
from shared.requests.declare import Answer, Ask, Done, Operation, operation
from shared.requests.messaging import SEND, DraftVersion

DraftText = Annotated[str, Meta(min_length=1, max_length=16 * 1024, description="Free text, sealed at rest.")]


class SaveDraft(Ask, frozen=True, kw_only=True):
    """Keep what the caller has written so far: in a thread, or for a patient about a condition; at most 16 KiB.

    `version` is the one the caller goes on from, 0 for a new draft. There is one draft for each place.
    """

    thread: UUID | None = None
    patient: UUID | None = None
    condition: Code | None = None
    version: DraftVersion = 0
    text: DraftText


class DraftSaved(Done, frozen=True, kw_only=True):
    """It is kept, as this version."""

    draft: UUID
    version: int
    saved_at: datetime


class AskDrafts(Ask, frozen=True, kw_only=True):
    """The caller's own drafts, latest saved first, those with a version before `before`; of one thread, if named."""

    thread: UUID | None = None
    before: Sequence | None = None
    limit: Annotated[int, Meta(ge=1, le=10)] = 10


class Draft(Answer, frozen=True, kw_only=True):
    """What the caller has begun to write."""

    draft: UUID
    patient: UUID
    thread: UUID | None
    condition: str | None
    version: int
    text: str
    saved_at: datetime


class Drafts(Answer, frozen=True, kw_only=True):
    """Latest saved first; `before` is the cursor for the next page, none at the end."""

    drafts: list[Draft]
    before: int | None


class DiscardDraft(Ask, frozen=True, kw_only=True):
    """Throw one's own draft away; with `version`, only if it is still that one."""

    draft: UUID
    version: DraftVersion | None = None


class DraftDiscarded(Done, frozen=True, kw_only=True):
    """It is gone."""

    draft: UUID


SAVE_DRAFT = operation(
    Operation("messaging", "save-draft", SaveDraft, DraftSaved, command=True, roles=SEND.roles, largest=64 * 1024)
)
DRAFTS = operation(Operation("messaging", "drafts", AskDrafts, Drafts, roles=SEND.roles))
DISCARD_DRAFT = operation(
    Operation("messaging", "discard-draft", DiscardDraft, DraftDiscarded, command=True, roles=SEND.roles)
)
