"""The patient's trail: who had which work when, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.handoffs.operations.show import shown
from services.handoffs.sentences import sentence
from services.handoffs.store import reading
from shared import audit
from shared.errors import Unavailable
from shared.identity.access import require_open
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.directory import Ground as Open
from shared.requests.handoffs import Trail, TrailStep
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from services.handoffs.store.reading import Custody
    from shared.app import Ground
    from shared.call import Call

MOST = 200


async def trail(ground: Ground, call: Call, ask: OfPatient) -> Trail:
    """The patient's latest handoffs, and all that are open, step by step; to the patient and who treats them.

    That they asked to be erased is shown to themselves alone.
    """
    own = await require_open(ground, call, ask.patient) is Open.SELF
    zone = await _zone(ground, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        found = await reading.of_patient(tx, ask.patient, MOST)
        entries = [held for held in found if own or not held.about_erasure]
        custodies = await reading.custodies(tx, [held.id for held in entries])
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(entries)} handoffs")
    steps = [step for custody in custodies for step in _steps(custody, zone)]
    steps.sort(key=lambda step: step.at)
    latest = {step.handoff: step.sentence for step in steps}
    return Trail(open=[shown(held, latest[held.id]) for held in entries if held.open], steps=steps)


async def _zone(ground: Ground, patient: UUID) -> ZoneInfo:
    """The patient's own time zone; UTC when directory cannot say, since the trail matters more."""
    try:
        card = await ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=None, seconds=1.0)
    except Unavailable:
        return ZoneInfo("UTC")
    return ZoneInfo(card.time_zone)


def _steps(custody: Custody, zone: ZoneInfo) -> Iterator[TrailStep]:
    """How it came to this owner, who took it, how it ended."""
    yield _step(custody, custody.how, custody.started_at, zone)
    if custody.accepted_at:
        yield _step(custody, "accepted", custody.accepted_at, zone)
    if custody.last and custody.settled_at:
        yield _step(custody, custody.state, custody.settled_at, zone)


def _step(custody: Custody, step: str, at: datetime, zone: ZoneInfo) -> TrailStep:
    return TrailStep(
        at=at,
        handoff=custody.handoff,
        name=custody.name,
        step=step,
        owner=custody.owner,
        sentence=sentence(custody.name, step, owner=custody.owner, due=custody.due, at=at, zone=zone),
    )
