"""The stack the bench measures: an installation without limits on a caller's rate, and a subscriber of messages."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.edited import edited
from tests.support.installed import Installed, installed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NO_LIMITS = {"BATON_CALLER_RATE": "100000", "BATON_CALLER_BURST": "100000"}
ROOMS = 240
OFFICES = 3


@asynccontextmanager
async def bench_stack(home: Path) -> AsyncIterator[Installed]:
    """Start everything, in offices with rooms for many, and end everything afterwards."""
    rooms = "".join(f'    {{ code = "bench-{n}", name = "Room {n}", kind = "exam" }},\n' for n in range(1, ROOMS + 1))
    begin = 'rooms = [\n    { code = "one"'
    changes = [("offices.toml", begin, begin.replace("[\n", f"[\n{rooms}"))] * OFFICES
    with tempfile.TemporaryDirectory(prefix="baton-bench-practice-") as folder:
        async with installed(home, **NO_LIMITS, **edited(Path(folder), changes)) as stack:
            filter_ = "care.messaging.v1.message.sent.*"
            status, said = await stack.command("subscriber", "add", "bench", "--filter", filter_)
            assert status == 0, said
            yield stack
