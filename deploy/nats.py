"""The nats-server configuration, generated: who may say what, where the stream lies, how safely it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.wires import Wire

MAX_PAYLOAD = 1024 * 1024
STORE_MARGIN = 64 * 1024**2
"""What the store may hold beyond the stream's own limit."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where one nats-server listens and keeps its stream. `monitor` is its HTTP port, none when 0."""

    host: str
    port: int
    store_dir: str
    max_store_bytes: int
    monitor_host: str = "127.0.0.1"
    monitor: int = 0
    pid_file: str = ""


def configuration(server: Server, users_file: str) -> str:
    """The server's configuration file, which includes the users' from beside it."""
    return "\n".join([*_settings(server), f"authorization {{ include {json.dumps(users_file)} }}", ""])


def users(wires: Mapping[str, Wire], public_keys: Mapping[str, str]) -> str:
    """The file of those who may sign in and what each may say and hear; without a public key nobody signs in."""
    blocks = [line for name in wires if name in public_keys for line in _user(name, public_keys[name], wires[name])]
    return "\n".join(['timeout: "5s"', "users: [", *blocks, "]", ""])


def _settings(server: Server) -> list[str]:
    lines = [
        f"listen: {json.dumps(f'{server.host}:{server.port}')}",
        f"max_payload: {MAX_PAYLOAD}",
        'ping_interval: "20s"',
        'write_deadline: "5s"',
        'lame_duck_grace_period: "1s"',
        'lame_duck_duration: "30s"',
        "jetstream {",
        f"  store_dir: {json.dumps(server.store_dir)}",
        f"  max_file_store: {server.max_store_bytes}",
        "  max_memory_store: 67108864",
        "  sync_interval: always",
        "}",
    ]
    if server.monitor:
        lines.append(f"http: {json.dumps(f'{server.monitor_host}:{server.monitor}')}")
    if server.pid_file:
        lines.append(f"pid_file: {json.dumps(server.pid_file)}")
    return lines


def _user(name: str, public_key: str, wire: Wire) -> list[str]:
    return [
        f"  # {name}",
        f"  {{ nkey: {public_key}",
        "    permissions {",
        f"      publish {{ allow: {_subjects(wire.publishes)} }}",
        f"      subscribe {{ allow: {_subjects(wire.subscribes)} }}",
        "    }",
        "  }",
    ]


def _subjects(subjects: tuple[str, ...]) -> str:
    return json.dumps(list(subjects))
