"""The stack the bench measures: an installation without limits on a caller's rate, and a subscriber of messages."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.installed import Installed, installed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NO_LIMITS = {"BATON_CALLER_RATE": "100000", "BATON_CALLER_BURST": "100000"}


@asynccontextmanager
async def bench_stack(home: Path) -> AsyncIterator[Installed]:
    """Start everything, add a subscriber of messages, and end everything afterwards."""
    async with installed(home, **NO_LIMITS) as stack:
        status, said = await stack.command("subscriber", "add", "bench", "--filter", "care.messaging.v1.message.sent.*")
        assert status == 0, said
        yield stack
