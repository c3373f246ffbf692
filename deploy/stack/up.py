"""`baton up`: everything on this machine, in order, until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from deploy import prepare, secrets
from deploy.home import SAMPLE_PRACTICE, Home, practice_dir
from deploy.stack import account, lock, parts, ports
from deploy.stack.postgres import ClusterNotMade, Postgres
from deploy.stack.supervisor import Supervisor, WouldNotStart
from deploy.wires import SERVICES
from shared.migrations import MigrationFailed
from shared.practice import Practice, PracticeWrong, load

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.stack.parts import Layout

DEFAULT_PORT = 8080
STREAM_BYTES = 2 * 1024**3
WILL_NOT_DO = (lock.AlreadyRunning, ports.PortTaken, PracticeWrong, WouldNotStart, ClusterNotMade, MigrationFailed)


def up() -> int:
    """Run the stack; gives the exit status."""
    os.umask(0o077)
    home, port = Home.from_environment(), int(os.environ.get("BATON_PORT", DEFAULT_PORT))
    try:
        with lock.only_one(home.run):
            lock.end_left_behind(home.run)
            ports.require(port)
            return asyncio.run(_up(home, practice_dir(), port))
    except WILL_NOT_DO as error:
        print(f"baton: {error}", file=sys.stderr)
        return 1


async def _up(home: Home, folder: Path, port: int) -> int:
    supervisor = Supervisor(home.logs, home.run, _tell)
    stop = _told_to_stop(supervisor)
    starting = asyncio.create_task(_start(supervisor, home, folder, port))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
    finally:
        starting.cancel()
        stopping.cancel()
        await asyncio.wait({starting, stopping})
        _tell("stopping")
        await supervisor.stop()
    return 0


async def _start(supervisor: Supervisor, home: Home, folder: Path, port: int) -> None:
    practice = load(folder)
    secrets.make_secrets(home, practice.pharmacies, datetime.now(UTC))
    layout = parts.Layout(
        home=home,
        practice=folder,
        port=port,
        ports=ports.choose(home.run / "ports.json", parts.PORTS),
        stream_bytes=int(os.environ.get("BATON_STREAM_BYTES", STREAM_BYTES)),
    )
    await _start_stores(supervisor, layout)
    neighbours = [parts.issuer(layout), parts.simulator(layout)]
    services = [parts.service(layout, name) for name in SERVICES]
    await supervisor.until_ready(*[supervisor.start(part) for part in (*neighbours, *services)])
    print(f"baton is ready: {layout.url}", flush=True)
    print(_how_to_sign_in(practice, folder), flush=True)


async def _start_stores(supervisor: Supervisor, layout: Layout) -> None:
    server = Postgres(layout.home, account.for_postgres())
    postgres, nats = supervisor.start(parts.postgres(server)), supervisor.start(parts.nats(layout))
    await supervisor.until_ready(postgres)
    await prepare.prepare_databases(layout.home, server.superuser_url)
    await supervisor.until_ready(nats)
    secrets.replace(layout.home.nats_url, layout.nats_url.encode())
    await prepare.prepare_broker(layout.home, layout.nats_url, max_bytes=layout.stream_bytes)


def _told_to_stop(supervisor: Supervisor) -> asyncio.Event:
    """Set at the first SIGINT or SIGTERM; at the second, everything ends by force."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN or number == signal.SIGINT:  # nohup stays nohup
            loop.add_signal_handler(number, told)
    return stop


def _how_to_sign_in(practice: Practice, folder: Path) -> str:
    """Who can sign in, from the accounts of the embedded issuer."""
    file = folder / "sign-in.toml"
    if not file.exists():
        return ""
    accounts = tomllib.loads(file.read_text(encoding="utf-8")).get("accounts", [])
    lines = ["", "Sign in as:"]
    lines += [f"  {account['name']:<18} {_who(practice, UUID(account['person']))}" for account in accounts]
    if folder == SAMPLE_PRACTICE:
        lines.append("The password of everybody in the sample practice is: baton")
    lines += ["", "Walk one patient's day from a second terminal: .venv/bin/baton journey", "End with Ctrl-C."]
    return "\n".join(lines)


def _who(practice: Practice, person: UUID) -> str:
    member = practice.staff.get(person)
    if member is None:
        return "patient"
    return member.credential or ", ".join(role.replace("_", " ") for role in member.roles)


def _tell(line: str) -> None:
    print(f"baton: {line}", flush=True)
