"""The audit log says who did what because of what, and the service itself can only add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest

from shared import audit
from shared.audit import store
from shared.identity.people import ServiceCaller
from shared.requests.messaging import MESSAGES
from shared.telemetry import trace
from tests.shared.logbook import (
    CLINICIAN,
    NOW,
    PATIENT,
    call,
    chained,
)

if TYPE_CHECKING:
    from tests.shared.conftest import Kept


async def test_a_row_says_who_did_what_because_of_what(kept: Kept) -> None:
    cause, thing = uuid4(), uuid4()
    with trace.following(None) as trace_id:
        async with kept.db.transaction() as tx:
            await audit.record(tx, call(), "write", patient=PATIENT, object=thing, range="message 4")
            service = ServiceCaller("visits", cause, NOW)
            await audit.record(tx, call(caller=service), "read", patient=PATIENT)
            await audit.record_reaction(tx, "messaging", cause, NOW, "write", "visit.ended", patient=PATIENT)
            rows = await store.of_patient(tx, PATIENT, 10)
    assert [(row.actor, row.cause, row.action, row.operation, row.object, row.range) for row in rows] == [
        ("service:messaging", cause, "write", "visit.ended", None, None),
        ("service:visits", cause, "read", MESSAGES.subject, None, None),
        (str(CLINICIAN.id), None, "write", MESSAGES.subject, thing, "message 4"),
    ]
    assert {(row.at, row.trace) for row in rows} == {(NOW, trace_id)}


async def test_requests_that_share_a_transaction_keep_their_own_rows_and_traces(kept: Kept) -> None:
    traces = [f"00-{n:032x}-{n:016x}-01" for n in (1, 2)]
    async with kept.db.transaction() as tx:
        entries = [audit.Entry(call(), "write", PATIENT, uuid4(), f"message {n}", traces[n]) for n in (0, 1)]
        await audit.record_all(tx, entries)
        rows = await store.of_patient(tx, PATIENT, 10)
    assert [(row.range, row.trace) for row in rows] == [("message 1", f"{2:032x}"), ("message 0", f"{1:032x}")]


@pytest.mark.parametrize(
    ("table", "column"), [("audit", "actor"), ("audit_link", "hash"), ("audit_checkpoint", "head")]
)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
async def test_the_service_itself_cannot_change_the_log(kept: Kept, table: str, column: str, statement: str) -> None:
    await chained(kept)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with kept.db.transaction() as tx:
            await tx.execute(statement.format(table, column))
