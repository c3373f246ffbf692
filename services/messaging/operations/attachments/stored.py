"""A part as the object store gives it, opened or not given at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.operations.attachments.manifest import open_part
from shared import logs
from shared.errors import Internal
from shared.objects import ObjectMissing
from shared.sealing import SealBroken

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.attachments import Card
    from services.messaging.operations.ground import MessagingGround
    from shared.sealing import GroupKeys

SPOILT = logs.event("attachment.spoilt", "attachment", "part")


class PartSpoilt(Internal):
    """A part of this file is damaged or lost on our side, so nothing of it is given. The practice has been told."""

    code = "attachment-spoilt"


async def stored_part(ground: MessagingGround, keys: GroupKeys, card: Card, part: int, object_: UUID) -> bytes:
    """The part's bytes; raises PartSpoilt for one that is missing or does not open as exactly this."""
    try:
        return open_part(keys, card, part, await ground.objects.get(object_))
    except (ObjectMissing, SealBroken) as error:
        SPOILT.error(error=error, attachment=card.id, part=part)
        raise PartSpoilt from None
