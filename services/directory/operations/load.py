"""Take the people of the practice data at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.roster import entries, named
from services.directory.operations.begin import begin
from services.directory.store import roster
from services.directory.store.erasures import blank_erased

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app import Ground
    from shared.database import Tx
    from shared.practice import Practice


async def stand(ground: Ground) -> Ground:
    """Directory's ground: the common one, with the practice's people known."""
    async with ground.db.transaction() as tx:
        await load(tx, ground.practice, ground.clock())
        await blank_erased(tx)
    return ground


async def load(tx: Tx, practice: Practice, now: datetime) -> None:
    """Take what is new or changed in the practice data, and give up licences, hours and grants no longer in it.

    A row whose entry there has not changed since the last time is left as it is, edited or not.
    """
    await roster.lock_loading(tx)
    before = await roster.loaded(tx)
    wanted = {entry.name: entry for entry in entries(practice)}
    for name in before.keys() - wanted.keys():
        await roster.drop(tx, name)
    changed = [entry for entry in wanted.values() if before.get(entry.name) != entry.digest]
    for entry in changed:
        await roster.put(tx, entry)
    names = {entry.name for entry in changed}
    for patient in practice.patients.values():
        if patient.own_clinician is not None and named(patient) in names:
            await begin(tx, patient.id, patient.own_clinician, now)
