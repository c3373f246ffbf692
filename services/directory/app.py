"""Directory, wired."""

from __future__ import annotations

from services.directory.endpoints import OPERATIONS
from services.directory.operations.load import stand
from services.directory.reactions import REACTIONS
from services.directory.settings import DirectorySettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(
        settings=DirectorySettings.from_environment(),
        operations=OPERATIONS,
        reactions=REACTIONS,
        ground=stand,
    )
