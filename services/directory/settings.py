"""What directory is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class DirectorySettings(Settings, frozen=True, kw_only=True):
    """The common settings, with room for the questions that other services ask of it."""

    service: str = "directory"
    request_slots: int = 1024
