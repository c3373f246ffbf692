"""What the ledger does about others' events: exactly what its table says, one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton_events.codes import Party
from baton_events.messaging import ContactLogged
from services.handoffs.operations import record
from services.handoffs.operations.erase import end_all
from services.handoffs.store import chasing
from services.handoffs.table import TABLE
from shared.app import Reaction
from shared.erasing import erasing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton_events import Event
    from services.handoffs.declare import Row
    from shared.app import Apply, Ground, Received
    from shared.database import Tx


def generated(table: Sequence[Row]) -> tuple[Reaction, ...]:
    """One reaction for every event type that the table names, telling every row that names it, in the table's order."""
    concerned: dict[type[Event], list[Row]] = {}
    for row in table:
        for event in row.events():
            concerned.setdefault(event, []).append(row)
    return tuple(Reaction(event, _telling(rows)) for event, rows in concerned.items())


def _telling(rows: Sequence[Row]) -> Apply:
    async def apply(ground: Ground, tx: Tx, received: Received[Any], _: None) -> None:
        for row in rows:
            await record(tx, row, received, ground.clock())

    return apply


async def contact_logged(_: Ground, tx: Tx, got: Received[ContactLogged], __: None) -> None:
    """Count the patient's call, mail or word at the desk as chasing what is open for them."""
    if got.event.origin is Party.PATIENT:
        await chasing.add(tx, got.id, got.event.patient, got.time)


REACTIONS = (*generated(TABLE), Reaction(ContactLogged, contact_logged), erasing(end_all))
