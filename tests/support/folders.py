"""Temporary folders named after the process they belong to, so that those of a killed one are found and removed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

NAME = re.compile(r"baton-test-[a-z]+-(\d+)-")


def new(kind: str) -> Path:
    """A new folder of this process."""
    return Path(tempfile.mkdtemp(prefix=f"baton-test-{kind}-{os.getpid()}-"))


def sweep() -> None:
    """Remove the folders of processes that are no more."""
    for folder in Path(tempfile.gettempdir()).glob("baton-test-*"):
        owner = NAME.match(folder.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            shutil.rmtree(folder, ignore_errors=True)
