"""Pass work on to another owner."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.handoffs.model import AlreadyTheirs, NeverThePatient, OwnerUnknown, WorkSettled, known
from services.handoffs.operations.hold import require_held
from services.handoffs.operations.pass_on import pass_on
from services.handoffs.store import ledger
from shared import audit, idempotency
from shared.requests.directory import CLINICIANS, FindClinicians
from shared.requests.handoffs import HandoffNow

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.handoffs import MoveHandoff


async def move(ground: Ground, call: Call, ask: MoveHandoff) -> HandoffNow:
    """Make another team or clinician accountable; the time promised to the patient stays as it is."""
    await _require_known(ground, ask.owner)
    async with ground.db.transaction() as tx:
        held = require_held(await ledger.lock(tx, ask.handoff), call)
        if not held.open:
            raise WorkSettled
        if held.owner == ask.owner:
            raise AlreadyTheirs
        await pass_on(tx, held, ask.owner, max(call.now, held.since), held.due, call.now)
        await audit.record(tx, call, "write", patient=held.patient, object=held.id, erased_too=held.about_erasure)
        done = HandoffNow(handoff=held.id, owner=ask.owner, state=held.state)
        await idempotency.keep(tx, call, done)
    return done


async def _require_known(ground: Ground, owner: str) -> None:
    if owner.endswith("\n"):  # which the `$` of the type's pattern lets through
        raise OwnerUnknown
    kind, _, name = owner.partition(":")
    if kind == "patient":
        raise NeverThePatient
    if kind == "team":
        if not known(owner, ground.practice.offices):
            raise OwnerUnknown
        return
    found = await ground.bus.call_as_self(CLINICIANS, FindClinicians(clinician=UUID(name)), cause=None)
    if not found.clinicians:
        raise OwnerUnknown
