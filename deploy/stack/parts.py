"""Every process of the stack: its command, its environment, and how one knows that it is ready."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from nats.errors import Error as NatsError

from deploy import prepare
from deploy.nats import STORE_MARGIN, Server
from deploy.stack.supervisor import Part
from deploy.wires import DEPLOY, KEEPERS, SERVICES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from deploy.home import Home
    from deploy.stack.postgres import Postgres

RECORDS, BROKER, NEIGHBOURS, WORK, DOOR = range(5)
PORTS = ("nats", "issuer", "simulator", *(f"{service}-ops" for service in SERVICES))
TIMEOUT = aiohttp.ClientTimeout(total=2)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the parts need to know of one another."""

    home: Home
    practice: Path
    port: int
    ports: Mapping[str, int]
    stream_bytes: int

    @property
    def url(self) -> str:
        """Where the practice is reached."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def nats_url(self) -> str:
        """Where the nats-server is reached."""
        return f"nats://127.0.0.1:{self.ports['nats']}"

    @property
    def nats_server(self) -> Server:
        """How the nats-server is configured."""
        return Server(
            host="127.0.0.1",
            port=self.ports["nats"],
            store_dir=str(self.home.root / "nats" / "store"),
            max_store_bytes=self.stream_bytes + STORE_MARGIN,
            pid_file=str(self.home.nats_pid),
        )


def postgres(server: Postgres) -> Part:
    """PostgreSQL."""
    return Part(
        name="postgres",
        stage=RECORDS,
        command=server.command(),
        ready=server.ready,
        before_start=server.before_start,
        stop_with=signal.SIGINT,
        dies_with=signal.SIGQUIT,
        account=server.owner,
    )


def nats(layout: Layout) -> Part:
    """The nats-server, with its configuration written anew at each start."""

    async def ready() -> bool:
        try:
            async with prepare.signed_in(layout.home, layout.nats_url, DEPLOY) as client:
                await client.jetstream().account_info()
        except (OSError, TimeoutError, NatsError):
            return False
        return True

    return Part(
        name="nats",
        stage=BROKER,
        command=[str(Path(sys.executable).parent / "nats-server"), "-c", str(layout.home.nats_config)],
        ready=ready,
        before_start=partial(prepare.write_nats_config, layout.home, layout.nats_server),
    )


def issuer(layout: Layout) -> Part:
    """The sign-in service, reached through the gateway."""
    return Part(
        name="issuer",
        stage=NEIGHBOURS,
        command=_module("deploy.issuer"),
        ready=_answers(f"http://127.0.0.1:{layout.ports['issuer']}/health"),
        environment={
            "BATON_ISSUER": f"{layout.url}/oidc",
            "BATON_ISSUER_FOLDER": _folder(layout.home.root / "issuer"),
            "BATON_ISSUER_PORT": str(layout.ports["issuer"]),
            "BATON_PRACTICE_DIR": str(layout.practice),
        },
    )


def simulator(layout: Layout) -> Part:
    """The partner pharmacies, played."""
    return Part(
        name="simulator",
        stage=NEIGHBOURS,
        command=_module("deploy.simulator"),
        ready=_answers(f"http://127.0.0.1:{layout.ports['simulator']}/health"),
        environment={
            "BATON_SIMULATOR_PRACTICE_URL": layout.url,
            "BATON_SIMULATOR_SECRETS_FILE": str(layout.home.service("simulator").partner_secrets),
            "BATON_SIMULATOR_FOLDER": _folder(layout.home.root / "simulator"),
            "BATON_SIMULATOR_PORT": str(layout.ports["simulator"]),
        },
    )


def service(layout: Layout, name: str) -> Part:
    """One of the services."""
    return Part(
        name=name,
        stage=DOOR if name == "gateway" else WORK,
        command=_module(f"services.{name}"),
        ready=_answers(f"http://127.0.0.1:{layout.ports[f'{name}-ops']}/health/ready"),
        environment=_of_service(layout, name),
    )


def _of_service(layout: Layout, name: str) -> dict[str, str]:
    files = layout.home.service(name)
    environment = {
        "BATON_PRACTICE_DIR": str(layout.practice),
        "BATON_NATS_URL": layout.nats_url,
        "BATON_NATS_SEED_FILE": str(files.nats_seed),
        "BATON_SERVICE_KEY_FILE": str(files.key),
        "BATON_SERVICE_KEYS_FILE": str(files.keys),
        "BATON_ISSUER": f"{layout.url}/oidc",
        "BATON_JWKS_URL": f"http://127.0.0.1:{layout.ports['issuer']}/jwks",
        "BATON_OPS_PORT": str(layout.ports[f"{name}-ops"]),
    }
    if name in KEEPERS:
        environment |= {
            "BATON_DATABASE_URL_FILE": str(files.database_url),
            "BATON_KEYSTORE_URL_FILE": str(files.keystore_url),
            "BATON_KEYRING_FILE": str(files.keyring),
            "BATON_IDEMPOTENCY_SECRET_FILE": str(files.idempotency_secret),
        }
    if name == "messaging":
        environment["BATON_OBJECTS_URL"] = Path(_folder(layout.home.objects)).as_uri()
    if name == "gateway":
        environment |= {
            "BATON_PORT": str(layout.port),
            "BATON_ISSUER_UPSTREAM": f"http://127.0.0.1:{layout.ports['issuer']}",
        }
    if name == "pharmacy":
        environment |= {
            "BATON_PARTNER_SECRETS_FILE": str(files.partner_secrets),
            "BATON_SIMULATOR_URL": f"http://127.0.0.1:{layout.ports['simulator']}",
        }
    return environment


def _module(name: str) -> list[str]:
    return [sys.executable, "-P", "-m", name]


def _folder(path: Path) -> str:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return str(path)


def _answers(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as http, http.get(url) as answer:
                return answer.status == 200
        except (OSError, TimeoutError, aiohttp.ClientError):
            return False

    return ready
