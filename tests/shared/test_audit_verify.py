"""Whatever is changed in the audit log is found, and where; an untouched log is sound."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from baton_events.codes import ServiceName
from baton_events.common import AUDIT_CHECKPOINTED
from shared import audit
from shared.audit import chain, chainer, verify
from shared.audit.verify import Fault, Finding
from shared.identity.keys import read_public_table
from shared.requests.common import ACCESSES, OfPatient
from tests.shared.logbook import (
    KEY,
    NOW,
    chained,
    chaining,
    findings,
    linked,
    look,
    published,
)

if TYPE_CHECKING:
    from tests.shared.conftest import Kept
    from tests.support.stack import Open


async def test_an_untouched_log_is_sound(kept: Kept) -> None:
    seen = await chained(kept)
    verdict = await verify.verify(kept.db, [KEY.public_key()], seen, NOW)
    assert verdict == verify.Verdict([], position=9, signed=9)
    assert [checkpoint.position for checkpoint in seen] == [3, 9]


async def test_a_log_longer_than_a_batch_is_sound(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainer, "BATCH", 4)
    monkeypatch.setattr(verify, "BATCH", 5)
    seen = await chained(kept, 23)
    verdict = await verify.verify(kept.db, [KEY.public_key()], seen, NOW)
    assert (verdict.findings, verdict.position) == ([], 23)


EDIT = "UPDATE audit SET {} = {} WHERE id = 5"
EMPTY = "DELETE FROM {}"
EDITS = {
    "at": "at + interval '1 microsecond'",
    "actor": "'somebody-else'",
    "cause": "gen_random_uuid()",
    "patient": "NULL",
    "action": "'write'",
    "operation": "'svc.messaging.other'",
    "object": "gen_random_uuid()",
    "range": "'message 1'",
    "trace": "'0'",
    "tx": "'1'",
}


@pytest.mark.parametrize("column", EDITS)
async def test_an_edited_row_is_found(kept: Kept, column: str) -> None:
    seen = await chained(kept)
    await kept.tamper(EDIT.format(column, EDITS[column]))
    assert await findings(kept.db, seen) == [Finding(Fault.ALTERED, 5, 5)]


async def test_no_column_can_be_edited_unnoticed(kept: Kept) -> None:
    async with kept.db.transaction() as tx:
        columns = await tx.fetch("SELECT attname FROM pg_attribute WHERE attrelid = 'audit'::regclass AND attnum > 0")
    assert {row["attname"] for row in columns} == {*EDITS, "id"}


async def test_text_cannot_be_moved_between_columns_unnoticed(kept: Kept) -> None:
    async with kept.db.transaction() as tx:
        await audit.record_reaction(tx, "visits", uuid4(), NOW, "read", "visit.ended", patient=None)
    await chaining(kept.db).catch_up()
    seen = await published(kept.db)
    await kept.tamper("UPDATE audit SET action = 'rea', operation = 'dvisit.ended'")
    assert await findings(kept.db, seen) == [Finding(Fault.ALTERED, 1, 1)]


async def test_a_deleted_row_is_found(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("DELETE FROM audit WHERE id = 5")
    assert await findings(kept.db, seen) == [Finding(Fault.DELETED, 5, 5)]


async def test_a_row_deleted_together_with_its_link_is_found(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("DELETE FROM audit WHERE id = 5")
    await kept.tamper("DELETE FROM audit_link WHERE position = 5")
    assert await findings(kept.db, seen) == [Finding(Fault.LINK_MISSING, 5)]


async def test_rows_in_each_others_place_are_found(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("UPDATE audit_link SET audit = -audit WHERE position IN (4, 7)")
    await kept.tamper("UPDATE audit_link SET audit = 11 + audit WHERE audit = -4 OR audit = -7")
    await kept.tamper("UPDATE audit_link SET audit = 11 - position WHERE position IN (4, 7)")
    assert await findings(kept.db, seen) == [Finding(Fault.REORDERED, 4, 7), Finding(Fault.REORDERED, 7, 4)]


async def test_links_in_each_others_place_are_found(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("UPDATE audit_link SET position = -position WHERE position IN (4, 7)")
    await kept.tamper("UPDATE audit_link SET position = 11 + position WHERE position < 0")
    found = await findings(kept.db, seen)
    assert Finding(Fault.REORDERED, 4, 7) in found


async def test_a_log_cut_off_at_the_end_is_found(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("DELETE FROM audit WHERE id > 6")
    await kept.tamper("DELETE FROM audit_link WHERE position > 6")
    assert await findings(kept.db, seen) == [Finding(Fault.TRUNCATED, 9)]


async def test_a_log_cut_off_with_its_checkpoints_is_found(kept: Kept) -> None:
    seen = await chained(kept)
    for table in ("audit", "audit_link", "audit_checkpoint"):
        await kept.tamper(EMPTY.format(table))
    faults = [Finding(Fault.CHECKPOINT_MISSING, at) for at in (3, 9)] + [Finding(Fault.TRUNCATED, at) for at in (3, 9)]
    assert sorted(await findings(kept.db, seen), key=str) == sorted(faults, key=str)


async def test_a_log_written_anew_after_an_edit_is_found_by_what_was_published(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("UPDATE audit SET actor = 'somebody-else' WHERE id = 2")
    for table in ("audit_link", "audit_checkpoint"):
        await kept.tamper(EMPTY.format(table))
    await chaining(kept.db).catch_up()
    assert await findings(kept.db, []) == []
    found = await findings(kept.db, seen)
    assert Finding(Fault.REWRITTEN, 3, 3) in found
    assert Finding(Fault.REWRITTEN, 9, 9) in found


async def test_a_checkpoint_signed_by_another_key_is_found(kept: Kept) -> None:
    seen = await chained(kept)
    forged = chain.sign(Ed25519PrivateKey.from_private_bytes(b"8" * 32), 9, seen[-1].head)
    assert await findings(kept.db, [*seen, forged]) == [Finding(Fault.CHECKPOINT_FORGED, 9)]
    elsewhere = replace(seen[-1], position=8)
    assert await findings(kept.db, [*seen, elsewhere]) == [Finding(Fault.CHECKPOINT_FORGED, 8)]


async def test_checkpoints_of_a_former_key_still_count(kept: Kept) -> None:
    seen = await chained(kept)
    later = Ed25519PrivateKey.from_private_bytes(b"8" * 32).public_key()
    assert (await verify.verify(kept.db, [later, KEY.public_key()], seen, NOW)).sound


async def test_an_event_that_is_not_well_formed_counts_as_forged(kept: Kept) -> None:
    await chained(kept)
    event = AUDIT_CHECKPOINTED["messaging"](checkpoint=uuid4(), position=9, head="no hex", signature="%")
    assert await findings(kept.db, [chain.announced(event)]) == [Finding(Fault.CHECKPOINT_FORGED, 9)]


async def test_a_row_not_linked_within_five_seconds_is_found(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "LOOK_AGAIN_SECONDS", 0)
    seen = await chained(kept)
    await look(kept.db)
    assert await findings(kept.db, seen, NOW + timedelta(seconds=5)) == []
    assert await findings(kept.db, seen, NOW + timedelta(seconds=6)) == [Finding(Fault.UNLINKED, audit=10)]


async def test_a_row_being_linked_just_now_is_not_held_against_the_log(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "LOOK_AGAIN_SECONDS", 0.5)
    seen = await chained(kept)
    await look(kept.db)
    looking = asyncio.create_task(findings(kept.db, seen, NOW + timedelta(seconds=6)))
    await asyncio.sleep(0.1)
    await chaining(kept.db).catch_up()
    assert await looking == []


async def test_a_row_slipped_in_later_is_linked_later_and_not_among_the_old(kept: Kept) -> None:
    seen = await chained(kept)
    await kept.tamper("DELETE FROM audit_link WHERE position = 5")
    await chaining(kept.db, NOW + timedelta(minutes=2)).catch_up()
    assert Finding(Fault.LINK_MISSING, 5) in await findings(kept.db, seen)


async def test_a_working_service_leaves_a_log_that_verifies_against_the_stream(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        maria = OfPatient(patient=s.person("maria-lopez"))
        await s.ask(ACCESSES["messaging"], maria, as_="maria-lopez")
        kind = AUDIT_CHECKPOINTED[ServiceName.MESSAGING]
        await s.until(lambda: s.events(kind))
        await s.ask(ACCESSES["messaging"], maria, as_="maria-lopez")
        keys = await asyncio.to_thread(read_public_table, s.app("messaging").settings.service_keys_file)
        seen = [chain.announced(received.event) for received in await s.events(kind)]

        async def all_linked() -> bool:
            return len(await linked(await s.db("messaging"))) == 2

        await s.until(all_linked)
        verdict = await verify.verify(await s.db("messaging"), [keys["messaging"].public_key], seen, datetime.now(UTC))
        assert verdict == verify.Verdict([], position=2, signed=1)
