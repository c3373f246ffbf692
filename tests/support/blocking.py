"""While services run in the test's process, their code may not block its loop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from blockbuster import BlockBuster

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHED = ["shared", "services", "baton_events"]
ALLOWED = {
    "asyncpg/connect_utils.py": {"connect", "_connect"},  # looks for a password file before each connection
    "zoneinfo/_common.py": {"load_tzdata"},  # reads a zone once, a few kilobytes
    "zoneinfo/_tzpath.py": {"find_tzfile"},  # likewise
    "logging/__init__.py": {"emit", "handle"},  # pytest formats what libraries log, with their source lines
}


@contextmanager
def nothing_blocks() -> Iterator[None]:
    """Our own code that blocks the loop raises BlockingError instead of blocking."""
    buster = BlockBuster(WATCHED)
    for function in buster.functions.values():
        for file, names in ALLOWED.items():
            function.can_block_in(file, names)
    buster.activate()
    try:
        yield
    finally:
        buster.deactivate()
