"""One stack for one home: the second to start is told so, and what a crash left behind is ended first."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDS_WITHIN_SECONDS = 10


class AlreadyRunning(Exception):
    """Another stack runs on this home; the message names its process."""


@contextmanager
def only_one(run: Path) -> Iterator[None]:
    """Hold the home until the block is left, however this process ends; raises AlreadyRunning."""
    run.mkdir(parents=True, exist_ok=True)
    with (run / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(
                f"Baton already runs on {run.parent} (process {lock.read().strip() or 'unknown'}). "
                "End it first, or set BATON_HOME and BATON_PORT for a second one beside it."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def remember(run: Path, name: str, pid: int) -> None:
    """Note a process of the stack, so that the next start can end it should it outlive this one."""
    with suppress(psutil.NoSuchProcess):
        began = psutil.Process(pid).create_time()
        (run / f"{name}.process").write_text(json.dumps({"pid": pid, "began": began}), encoding="ascii")


def end_left_behind(run: Path) -> None:
    """End what a stack that was killed left running, PostgreSQL last; processes of others are never touched."""
    files = sorted(run.glob("*.process"), key=lambda path: (path.stem == "postgres", path.stem == "nats"))
    for path in files:
        process = _same(path)
        if process is not None:
            process.send_signal(signal.SIGQUIT if path.stem == "postgres" else signal.SIGKILL)
            with suppress(psutil.Error):
                process.wait(ENDS_WITHIN_SECONDS)
        path.unlink(missing_ok=True)


def _same(path: Path) -> psutil.Process | None:
    """The process noted in the file, if it still is that one and not another with its number."""
    try:
        noted = json.loads(path.read_text(encoding="ascii"))
        process = psutil.Process(noted["pid"])
        return process if abs(process.create_time() - noted["began"]) < 1 else None
    except (psutil.Error, ValueError, KeyError):
        return None
