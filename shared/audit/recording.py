"""Record a read or a write of health data, in the transaction that does it; no audit, no data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from shared.audit import store
from shared.audit.store import Row
from shared.sealing import PatientErased
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from shared.call import Call
    from shared.database import Tx

Action = Literal["read", "write"]


@dataclass(frozen=True)
class Entry:
    """One request's look at, or change of, a patient's record; `range` names what of it, in ids, counts and dates.

    Where requests share a transaction each gives its own `traceparent`.
    """

    call: Call
    action: Action
    patient: UUID | None
    object: UUID | None = None
    range: str | None = None
    traceparent: str | None = field(default_factory=trace.current_traceparent)


async def record(
    tx: Tx,
    call: Call,
    action: Action,
    *,
    patient: UUID | None,
    object: UUID | None = None,  # noqa: A002 - the column's name
    range: str | None = None,  # noqa: A002 - likewise
    erased_too: bool = False,
) -> None:
    """Put the request on record; commit before its data leaves.

    Raises PatientErased, so that no request reads or writes anything of somebody who was erased; `erased_too` is for
    what concerns the erasure itself.
    """
    await record_all(tx, [Entry(call, action, patient, object, range)], erased_too=erased_too)


async def record_all(tx: Tx, entries: Sequence[Entry], *, erased_too: bool = False) -> None:
    """Put several requests that share a transaction on record, in one statement; raises PatientErased."""
    added = await store.add(
        tx,
        [
            Row(
                at=entry.call.now,
                actor=entry.call.caller_id,
                cause=entry.call.cause,
                patient=entry.patient,
                action=entry.action,
                operation=entry.call.operation.subject,
                object=entry.object,
                range=entry.range,
                trace=_trace_id(entry.traceparent),
            )
            for entry in entries
        ],
        erased_too=erased_too,
    )
    if added < len(entries):
        raise PatientErased


async def record_reaction(
    tx: Tx,
    service: str,
    cause: UUID,
    now: datetime,
    action: Action,
    operation: str,
    *,
    patient: UUID | None,
    object: UUID | None = None,  # noqa: A002 - the column's name
    range: str | None = None,  # noqa: A002 - likewise
) -> None:
    """Put on record what the service did by itself, because of the event `cause`."""
    row = Row(
        at=now,
        actor=f"service:{service}",
        cause=cause,
        patient=patient,
        action=action,
        operation=operation,
        object=object,
        range=range,
        trace=_trace_id(trace.current_traceparent()),
    )
    await store.add(tx, [row], erased_too=True)


def _trace_id(traceparent: str | None) -> str | None:
    return traceparent[3:35] if traceparent else None
