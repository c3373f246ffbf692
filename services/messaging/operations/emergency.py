"""What whoever writes words that sound like an emergency is told at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shared.emergency import sounds_like_an_emergency
from shared.identity.people import Role
from shared.requests.people import Guidance

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call

AT_ONCE = 600
"""Characters that are read faster than a thread is begun; longer words are read beside the loop, so it is not held."""


async def guidance(ground: MessagingGround, call: Call, words: str) -> Guidance | None:
    """The practice's words for an emergency, where a patient's or a proxy's sound like one."""
    if call.person.roles.isdisjoint({Role.PATIENT, Role.PROXY}):
        return None
    rules = ground.practice.emergency
    if len(words) <= AT_ONCE:
        met = sounds_like_an_emergency(words, rules)
    else:
        met = await asyncio.to_thread(sounds_like_an_emergency, words, rules)
    return Guidance(title=rules.title, text=rules.text, call=rules.call) if met else None
