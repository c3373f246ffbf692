"""What booking is told by its environment."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings


class BookingSettings(Settings, frozen=True, kw_only=True):
    """The common settings, with room for a crowd that wants the same time.

    Video takes place on the Jitsi server at `meeting_url`, which knows the practice as `meeting_app` and shares the
    secret in `meeting_secret_file` with it, at least 32 bytes.
    """

    service: str = "booking"
    request_slots: int = 256
    meeting_url: str = "https://meet.jit.si"
    meeting_app: str = "baton"
    meeting_secret_file: Path | None = None
