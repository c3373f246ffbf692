"""The practice, read once for all stacks of a worker while its files say the same: reading takes most of a start."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from shared import ground
from shared.practice import load

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from shared.practice import Practice

Files = tuple[tuple[str, bytes], ...]


def read_once() -> AbstractContextManager[object]:
    """Until left, services that start read only what no other has read."""
    return mock.patch.object(ground, "load", lambda folder: _load(folder, _files(folder)))


def _files(folder: Path) -> Files:
    return tuple((str(path), path.read_bytes()) for path in sorted(Path(folder).rglob("*")) if path.is_file())


@lru_cache(maxsize=4)
def _load(folder: Path, _: Files) -> Practice:
    return load(folder)
