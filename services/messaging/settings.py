"""What messaging is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class MessagingSettings(Settings, frozen=True, kw_only=True):
    """The common settings, and how waiting messages share a transaction.

    `send_together` is the most messages in one transaction, `send_writers` the transactions under way at once.
    `objects_url` is where files rest (see `shared.objects`), `parts_at_once` how many of their parts are sealed or
    opened at once, `most_uploads` how many files of one person may wait for a message, `most_thread_attachments` how
    many one thread holds, `tidy_seconds` the rest between two looks for objects that nothing holds.
    """

    service: str = "messaging"
    send_together: int = 64
    send_writers: int = 1
    objects_url: str
    parts_at_once: int = 8
    most_uploads: int = 20
    most_thread_attachments: int = 500
    tidy_seconds: float = 60.0
