"""Child processes that never outlive the tests, however the tests end."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

from deploy.stack.account import becoming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deploy.stack.account import Account

_children: set[subprocess.Popen[bytes]] = set()


def start(
    command: Sequence[str], log: Path, *, account: Account | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a child that the kernel kills when this process ends, even by a kill -9."""
    with log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603 - our own servers
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(variables or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=becoming(account, signal.SIGQUIT),  # noqa: PLW1509 - system calls only
        )
    _children.add(child)
    return child


def stop(child: subprocess.Popen[bytes], sign: signal.Signals = signal.SIGINT) -> None:
    """End a child in order; by force when it does not go within five seconds."""
    _children.discard(child)
    if child.poll() is None:
        child.send_signal(sign)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            kill(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a child and its children as a power cut would."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(5)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@atexit.register
def _stop_all() -> None:
    for child in list(_children):
        stop(child)
