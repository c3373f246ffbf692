"""Messaging, wired."""

from __future__ import annotations

from services.messaging.endpoints import OPERATIONS
from services.messaging.operations.attachments.tidy import UPLOAD_OVER, tidy, upload_over
from services.messaging.operations.clock import CONSULT_CLOCK, come_due
from services.messaging.operations.ground import stand
from services.messaging.reactions import REACTIONS
from services.messaging.settings import MessagingSettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(
        settings=MessagingSettings.from_environment(),
        operations=OPERATIONS,
        reactions=REACTIONS,
        deadlines={UPLOAD_OVER: upload_over, CONSULT_CLOCK: come_due},
        workers=(tidy,),
        ground=stand,
    )
