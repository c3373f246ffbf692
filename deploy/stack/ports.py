"""Ports for everything but the gateway: free ones, kept from run to run where they are still free."""

from __future__ import annotations

import json
import random
import socket
from typing import TYPE_CHECKING

from deploy.secrets import replace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOWEST, HIGHEST = 20000, 29999
"""Below the ports that outgoing connections take, so that a process started again finds its port free."""


class PortTaken(Exception):
    """The port asked for is in use; the message names it."""


def choose(file: Path, names: Iterable[str]) -> dict[str, int]:
    """A free port for each name, written to the file."""
    before: dict[str, int] = json.loads(file.read_text(encoding="ascii")) if file.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        port = before.get(name, 0)
        while port in chosen.values() or not is_free(port):
            port = random.randint(LOWEST, HIGHEST)  # noqa: S311 - any free port will do
        chosen[name] = port
    replace(file, json.dumps(chosen, indent=2).encode())
    return chosen


def require(port: int) -> None:
    """Raise PortTaken if somebody else listens there."""
    if not is_free(port):
        raise PortTaken(f"Port {port} is taken on 127.0.0.1. Set BATON_PORT to another, or end what listens there.")


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of the loopback address; never for 0."""
    if not port:
        return False
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
