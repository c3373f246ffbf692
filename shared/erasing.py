"""What every service that keeps records does once the erasure of a patient is approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ServiceName
from baton_events.common import ERASURE_CONFIRMED
from baton_events.directory import ErasureApproved
from shared import audit, idempotency
from shared.app import Reaction
from shared.outbox import announce, forget_patient
from shared.sealing import erase, mark_erased

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from shared.app import Ground, Received
    from shared.database import Tx

    Forget = Callable[[Tx, Received[ErasureApproved], datetime], Awaitable[None]]


async def nothing_else(_: Tx, __: Received[ErasureApproved], ___: datetime) -> None:
    """A service whose own rows hold ids, states, times and what is sealed."""


def erasing(forget: Forget = nothing_else) -> Reaction:
    """The reaction to erasure.approved: keys destroyed, the patient marked, what waits given up, and said so.

    `forget` is what a service's own rows need beside that: open work of theirs ended, plain personal data blanked. It
    must be right any number of times.
    """

    async def destroy(ground: Ground, got: Received[ErasureApproved]) -> None:
        """Before the transaction, since keys are not of it; done again when the transaction fails."""
        await erase(ground.sealing, got.event.patient, ground.clock())

    async def confirm(ground: Ground, tx: Tx, got: Received[ErasureApproved], _: None) -> None:
        patient, now, service = got.event.patient, ground.clock(), ground.settings.service
        await mark_erased(tx, patient, now)
        await forget(tx, got, now)
        await forget_patient(tx, patient)
        await idempotency.forget_caller(tx, str(patient))
        confirmed = ERASURE_CONFIRMED[ServiceName(service)](
            erasure=got.event.erasure, patient=patient, service=ServiceName(service)
        )
        await announce(tx, confirmed, now)
        await audit.record_reaction(
            tx, service, got.id, now, "write", got.event.kind.name, patient=patient, object=got.event.erasure
        )

    return Reaction(ErasureApproved, confirm, prepare=destroy)
