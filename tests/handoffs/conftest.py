"""The ledger's database, made once for the tests that need nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from shared.database import Database
from tests.handoffs.cases import Ledger
from tests.support.servers import servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    with asyncio.Runner() as runner:
        shared = servers()
        runner.run(shared.ready())
        url, _ = runner.run(shared.postgres.fresh("handoffs"))
        db = runner.run(Database.connect(url, size=2))
        yield Ledger(runner, db)
        runner.run(db.close())
