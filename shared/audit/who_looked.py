"""The standard answer to `svc.<service>.accesses`: who looked at a patient's record here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.audit import store
from shared.audit.recording import record
from shared.errors import NotFound
from shared.identity import access
from shared.identity.people import Role
from shared.requests.common import Access, Accesses, OfPatient
from shared.requests.directory import Ground as Reason

if TYPE_CHECKING:
    from shared.app import Ground, Handler
    from shared.call import Call

MOST = 500


def accesses(service: str) -> Handler:
    """A handler for the service's ACCESSES operation; open to the patient, their proxies and the privacy officer.

    After an erasure only the officer sees who had looked.
    """

    async def answer(ground: Ground, call: Call, ask: OfPatient) -> Accesses:
        await _may_see(ground, call, ask)
        officer = Role.PRIVACY_OFFICER in call.person.roles
        async with ground.db.transaction() as tx:
            rows = await store.of_patient(tx, ask.patient, MOST)
            await record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} accesses", erased_too=officer)
        return Accesses(
            accesses=[
                Access(
                    at=row.at,
                    actor=row.actor,
                    action=row.action,
                    what=f"{row.operation}: {row.range}" if row.range else row.operation,
                    service=service,
                )
                for row in rows
            ],
        )

    return answer


async def _may_see(ground: Ground, call: Call, ask: OfPatient) -> None:
    if Role.PRIVACY_OFFICER in call.person.roles:
        return
    if await access.may_open(ground, call, ask.patient) not in {Reason.SELF, Reason.PROXY}:
        raise NotFound
