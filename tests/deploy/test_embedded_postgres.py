import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deploy.home import Home
from deploy.secrets import make_secrets
from deploy.stack import account, parts
from deploy.stack.postgres import LONGEST_SOCKET_FOLDER, Postgres
from deploy.stack.supervisor import Supervisor


@pytest.fixture
def server(tmp_path: Path) -> Postgres:
    home = Home(tmp_path / "closed" / "home")
    home.run.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    make_secrets(home, [], datetime.now(UTC))
    return Postgres(home, account.for_postgres())


async def test_it_starts_below_a_closed_folder_and_after_the_number_of_its_process_went_to_another(
    server: Postgres,
) -> None:
    supervisor = Supervisor(server.home.logs, server.home.run, lambda _: None)
    kept = supervisor.start(parts.postgres(server))
    await supervisor.until_ready(kept)
    connection = await asyncpg.connect(server.superuser_url)
    await connection.execute("CREATE TABLE kept (it text); INSERT INTO kept VALUES ('here')")
    await connection.close()
    await supervisor.stop()

    become = account.becoming(server.owner, signal.SIGKILL)
    with subprocess.Popen(["sleep", "600"], preexec_fn=become) as stranger:  # noqa: ASYNC220, PLW1509, S607 - any will do
        for file in (server.data / "postmaster.pid", server.sockets / ".s.PGSQL.5432.lock"):
            file.write_text(f"{stranger.pid}\n{server.data}\n1\n5432\n{server.sockets}\n\n0 0\nready\n")
            account.give(file, server.owner)
        again = Supervisor(server.home.logs, server.home.run, lambda _: None)
        try:
            await again.until_ready(again.start(parts.postgres(server)), seconds=20)
            connection = await asyncpg.connect(server.superuser_url)
            assert await connection.fetchval("SELECT it FROM kept") == "here"
            await connection.close()
        finally:
            await again.stop()
            stranger.kill()


async def test_nobody_gets_in_without_a_password_and_values_stay_out_of_its_log(server: Postgres) -> None:
    supervisor = Supervisor(server.home.logs, server.home.run, lambda _: None)
    await supervisor.until_ready(supervisor.start(parts.postgres(server)))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:guess@/postgres?host={server.sockets}")
    connection = await asyncpg.connect(server.superuser_url)
    await connection.execute("CREATE TABLE once (it text PRIMARY KEY); INSERT INTO once VALUES ('canary-value')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO once VALUES ($1)", "canary-value")
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("SELECT canary_value FROM once")
    await connection.close()
    await supervisor.stop()
    log = (server.home.logs / "postgres.log").read_text()
    assert "once_pkey" in log
    assert "canary-value" not in log


async def test_a_killed_server_is_started_again_with_what_was_committed(server: Postgres) -> None:
    supervisor = Supervisor(server.home.logs, server.home.run, lambda _: None)
    kept = supervisor.start(parts.postgres(server))
    await supervisor.until_ready(kept)
    connection = await asyncpg.connect(server.superuser_url)
    await connection.execute("CREATE TABLE kept (it text); INSERT INTO kept VALUES ('here')")
    assert kept.process is not None
    os.kill(kept.process.pid, signal.SIGKILL)
    await kept.process.wait()
    await supervisor.until_ready(kept)
    connection = await asyncpg.connect(server.superuser_url)
    assert await connection.fetchval("SELECT it FROM kept") == "here"
    await connection.close()
    await supervisor.stop()


def test_a_home_too_deep_for_a_socket_has_its_socket_elsewhere_and_its_own(tmp_path: Path) -> None:
    deep = [Postgres(Home(tmp_path / ("deep" * 30) / name), None).sockets for name in ("one", "two")]
    assert all(len(str(folder)) <= LONGEST_SOCKET_FOLDER for folder in deep)
    assert deep[0] != deep[1]
