"""Temporary folders named after the process they belong to, so that those of a killed one are found and removed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

NAME = re.compile(r"baton-test-[a-z]+-(\d+)-")
MEMORY = Path("/dev/shm")  # noqa: S108 - the names within are mkdtemp's
ENOUGH = 2 << 30
"""Bytes that are free in memory before anything is kept there; a worker's databases take a tenth."""


def new(kind: str) -> Path:
    """A new folder of this process."""
    return Path(tempfile.mkdtemp(prefix=f"baton-test-{kind}-{os.getpid()}-"))


def fast(kind: str) -> Path:
    """A new folder of this process, in memory where there is room: making a database's files there takes a tenth."""
    try:
        roomy = shutil.disk_usage(MEMORY).free >= ENOUGH and os.access(MEMORY, os.W_OK)
    except OSError:
        roomy = False
    if not roomy:
        return new(kind)
    return Path(tempfile.mkdtemp(prefix=f"baton-test-{kind}-{os.getpid()}-", dir=MEMORY))


def sweep() -> None:
    """Remove the folders of processes that are no more."""
    for parent in (Path(tempfile.gettempdir()), MEMORY):
        for folder in parent.glob("baton-test-*"):
            owner = NAME.match(folder.name)
            if owner and not Path(f"/proc/{owner[1]}").exists():
                shutil.rmtree(folder, ignore_errors=True)
