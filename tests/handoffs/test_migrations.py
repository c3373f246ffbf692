"""The ledger's migrations also go through where work is owed, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared import migrations
from shared.requests.handoffs import WORK, AskWork
from tests.handoffs.cases import checked_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Open

DOWN = "-- migrate:down"


def both_ways(file: Path) -> tuple[str, str]:
    """Each in one transaction, as they are run."""
    up, _, down = file.read_text(encoding="utf-8").partition(DOWN)
    return f"BEGIN; {up} ; COMMIT", f"BEGIN; {down} ; COMMIT"


async def test_what_is_owed_stands_after_every_migration_since_the_first(stack: Open) -> None:
    later = sorted(migrations.of_service("handoffs")[1].glob("*.sql"))[1:]
    async with stack("handoffs") as s:
        event = checked_in(due=s.clock() + timedelta(minutes=10))
        await s.handled("handoffs", await s.publish(event, sequence=7))
        before = (await s.ask(WORK, AskWork(), as_="noor-haddad")).work
        await s.let_go()
        await s.stop("handoffs")
        for file in reversed(later):
            await s.as_owner("handoffs", both_ways(file)[1])
        for file in later:
            await s.as_owner("handoffs", both_ways(file)[0])
        await s.start("handoffs")
        assert before
        assert (await s.ask(WORK, AskWork(), as_="noor-haddad")).work == before
        assert await s.fetchval("handoffs", "SELECT opened_sequence FROM handoff") == 7
