"""However many files come and go at once, what the gateway and messaging hold of them stays small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.files import LIMITS, MEGABYTE, WATCHED, at_once
from tests.support.installed import installed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("installation")]

SIZE = 3 * 1024 * 1024
"""Enough that fifty files held whole would be seen; `python -m tests.bench.files` takes the largest there can be."""


async def test_fifty_files_at_once_grow_neither_process_by_a_hundred_megabytes(tmp_path: Path) -> None:
    async with installed(tmp_path / "home", **LIMITS) as it:
        up, down = await at_once(it, 50, SIZE)
    for name in WATCHED:
        assert up.most[name] < 100 * MEGABYTE, f"{name} while they came: {up}"
        assert down.most[name] < 100 * MEGABYTE, f"{name} while they went: {down}"
