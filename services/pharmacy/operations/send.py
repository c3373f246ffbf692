"""Send one message to a pharmacy: opened only in memory, signed, and kept track of."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import aiohttp
from standardwebhooks.webhooks import Webhook

from services.pharmacy.model.sending import GIVE_UP_AFTER, back_off
from services.pharmacy.store import deliveries
from shared import logs
from shared.clock import system_clock
from shared.crash import CrashPoint, reach
from shared.sealing import Kind, PatientErased

if TYPE_CHECKING:
    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.store.deliveries import Taken

NOT_TAKEN = logs.event("delivery.not-taken", "pharmacy", "delivery", "attempts", "status")
GIVEN_UP = logs.event("delivery.given-up", "pharmacy", "delivery", "attempts")


async def send(ground: PharmacyGround, session: aiohttp.ClientSession, delivery: Taken) -> None:
    """Send it and keep what became of it; whoever dies in between has it sent again under the same id."""
    reach(CrashPoint.DELIVERY_TAKEN)
    try:
        keys = await ground.sealing.keys(delivery.patient, delivery.patient)
    except PatientErased:
        await _settle(ground, delivery, "dropped")
        return
    body = keys.open(delivery.sealed, kind=Kind.DELIVERY, object=delivery.id, author=delivery.prescriber)
    status = await _post(ground, session, delivery, body)
    reach(CrashPoint.DELIVERY_SENT)
    if status is not None and 200 <= status < 300:
        await _settle(ground, delivery, "sent")
    else:
        await _not_taken(ground, delivery, status)


async def _post(ground: PharmacyGround, session: aiohttp.ClientSession, delivery: Taken, body: bytes) -> int | None:
    """The pharmacy's answer, or None when there was none. Signed with the machine's time, as the pharmacy checks it."""
    now = system_clock()
    signature = Webhook(ground.secrets[delivery.pharmacy]).sign(str(delivery.id), now, body.decode())
    headers = {
        "content-type": "application/fhir+json",
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    url = ground.partners[delivery.pharmacy].url.replace("{simulator}", ground.settings.simulator_url)
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return response.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


async def _settle(ground: PharmacyGround, delivery: Taken, fate: deliveries.Fate) -> None:
    async with ground.db.transaction() as tx:
        await deliveries.settle(tx, delivery.id, delivery.attempts, fate, ground.clock())
        reach(CrashPoint.DELIVERY_RECORDED)


async def _not_taken(ground: PharmacyGround, delivery: Taken, status: int | None) -> None:
    now = ground.clock()
    told: dict[str, Any] = {
        "pharmacy": str(delivery.pharmacy),
        "delivery": str(delivery.id),
        "attempts": delivery.attempts,
    }
    if now - delivery.made_at > GIVE_UP_AFTER:
        GIVEN_UP.error(**told)
        await _settle(ground, delivery, "dropped")
        return
    NOT_TAKEN.warning(**told, status=status)
    next_at = now + back_off(delivery.attempts, random.random())  # noqa: S311 - spreads retries, hides nothing
    async with ground.db.transaction() as tx:
        await deliveries.again(tx, delivery.id, delivery.attempts, next_at)
