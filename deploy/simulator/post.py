"""Tell the practice what is owed, under signed webhooks, again and again until it takes them."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
from standardwebhooks.webhooks import Webhook

from deploy.simulator import fhir

if TYPE_CHECKING:
    from deploy.simulator.behaviours import Answer
    from deploy.simulator.pharmacies import Pharmacies

TIMEOUT = aiohttp.ClientTimeout(total=5, connect=2)
GIVE_UP_AFTER = 5
"""Refusals of one message before it is given up; a practice that is down is not a refusal."""
LATER = frozenset({408, 425, 429})


async def post_answers(pharmacies: Pharmacies) -> None:
    """Send whatever is due, soonest first, until cancelled."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        while True:
            pharmacies.owing.clear()
            owed = await asyncio.to_thread(pharmacies.store.owed)
            due = [answer for answer in owed if answer.due <= time.time()]
            if due:
                await asyncio.gather(*(post(pharmacies, session, answer) for answer in due))
                continue
            wait = max(0.0, owed[0].due - time.time()) if owed else None
            try:
                await asyncio.wait_for(pharmacies.owing.wait(), wait)
            except TimeoutError:
                continue


async def post(pharmacies: Pharmacies, session: aiohttp.ClientSession, answer: Answer) -> None:
    """Send one message and keep what became of it."""
    status = await _send(pharmacies, session, answer)
    if status is not None and status < 300:
        await asyncio.to_thread(pharmacies.store.settle, answer, "sent")
    elif status is not None and status < 500 and status not in LATER and answer.attempts + 1 >= GIVE_UP_AFTER:
        await asyncio.to_thread(pharmacies.store.settle, answer, "refused")
    else:
        await asyncio.to_thread(pharmacies.store.again, answer, time.time() + back_off(answer.attempts))


def back_off(attempts: int) -> float:
    """Seconds to wait: doubling from a quarter to five, with jitter."""
    return min(5.0, 0.25 * 2.0 ** min(attempts, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


async def _send(pharmacies: Pharmacies, session: aiohttp.ClientSession, answer: Answer) -> int | None:
    body = fhir.write(answer, time.time())
    now = datetime.now(UTC)
    signed = Webhook(_secret(pharmacies, answer)).sign(answer.id, now, body.decode())
    headers = {
        "content-type": "application/fhir+json",
        "webhook-id": answer.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signed,
    }
    url = f"{pharmacies.settings.practice_url}/v1/partners/pharmacies/{answer.pharmacy}/webhook"
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return response.status
    except (aiohttp.ClientError, TimeoutError):
        return None


def _secret(pharmacies: Pharmacies, answer: Answer) -> str | bytes:
    behaviour = pharmacies.cast.of(answer.pharmacy)
    if behaviour is None or behaviour.signs == "wrong":
        return secrets.token_bytes(24)
    return pharmacies.secrets[answer.pharmacy]
