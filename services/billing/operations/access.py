"""Who may see a bill: the patient and their proxies, and nobody who treats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import NotFound
from shared.identity.access import may_open
from shared.requests.directory import Ground as Open

if TYPE_CHECKING:
    from uuid import UUID

    from shared.app import Ground
    from shared.call import Call

FOR_THEM = frozenset({Open.SELF, Open.PROXY})


async def require_own(ground: Ground, call: Call, patient: UUID, otherwise: type[NotFound] = NotFound) -> None:
    """Raise `otherwise` unless the caller is the patient or holds their proxy."""
    if await may_open(ground, call, patient) not in FOR_THEM:
        raise otherwise
