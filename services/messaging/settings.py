"""What messaging is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class MessagingSettings(Settings, frozen=True, kw_only=True):
    """The common settings, and how waiting messages share a transaction.

    `send_together` is the most messages in one transaction, `send_writers` the transactions under way at once.
    """

    service: str = "messaging"
    send_together: int = 64
    send_writers: int = 2
