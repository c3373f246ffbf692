"""What notifications will publish; the names are reserved, no service sends them yet."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import NoticeChannel


@published("notifications", "notice.sent", entity="notice")
class NoticeSent(Event, frozen=True, kw_only=True):
    """A content-free notice went out."""

    notice: UUID
    patient: UUID
    channel: NoticeChannel


@published("notifications", "notice.failed", entity="notice")
class NoticeFailed(Event, frozen=True, kw_only=True):
    """A notice could not be delivered on this channel."""

    notice: UUID
    patient: UUID
    channel: NoticeChannel
