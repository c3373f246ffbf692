"""The sample practice with something changed in its files, as a practice changes its data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.surroundings import PRACTICE_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable


def edited(folder: Path, changes: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """The setting by which services find a copy in the folder with these texts of these files replaced, once each."""
    there = folder / "practice"
    if not there.exists():
        shutil.copytree(PRACTICE_DIR, there)
    for name, old, new in changes:
        file = there / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} does not say {old!r}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return {"BATON_PRACTICE_DIR": str(there)}
