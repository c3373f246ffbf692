"""The whole stack, started and killed as its people would; one test, since starting it is what takes time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from deploy.wires import SERVICES
from tests.deploy.broker import free_port

BATON = Path(sys.executable).parent / "baton"
COMMANDS = {
    "migrate": "7 services' databases and keystores are up to date.",
    "audit verify": "messaging: sound; 0 rows",
    "keys rotate": "pharmacy: 0 patient keys under a new key",
    "dead-letters list": "No dead letters.",
    "erase-stream": "0 events of 0 erased patients",
    "subscriber add warehouse --filter care.booking.>": 'name="warehouse"',
    "nats-config": "sync_interval: always",
    "nats-config --users": "# warehouse",
    "events tail --no-follow": "",
}


class Stack:
    """`baton up` on a home of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.output = home.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def up(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "BATON_HOME": str(self.home), "BATON_PORT": str(self.port)}
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [BATON, "up"], stdout=out, stderr=out, env=environment, cwd="/", start_new_session=True
            )
        return self.process

    def baton(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "BATON_HOME": str(self.home), "BATON_PORT": str(self.port)}
        return subprocess.run([BATON, *words], env=environment, capture_output=True, text=True, check=False)  # noqa: S603

    def said(self) -> str:
        return self.output.read_text()

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        return f"baton is ready: http://127.0.0.1:{self.port}\n" in self.said()

    def answers(self, service: str) -> bool:
        ports = json.loads((self.home / "run" / "ports.json").read_text())
        try:
            with urlopen(f"http://127.0.0.1:{ports[f'{service}-ops']}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def pid(self, name: str) -> int:
        pid: int = json.loads((self.home / "run" / f"{name}.process").read_text())["pid"]
        return pid

    def processes(self) -> list[psutil.Process]:
        found = []
        for file in (self.home / "run").glob("*.process"):
            noted = json.loads(file.read_text())["pid"]
            if psutil.pid_exists(noted) and psutil.Process(noted).status() != psutil.STATUS_ZOMBIE:
                found.append(psutil.Process(noted))
        return found


def until(holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.1)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "home", free_port())
    yield stack
    if stack.process is not None and stack.process.poll() is None:
        stack.process.kill()
        stack.process.wait()


@pytest.mark.timeout(300)
def test_the_stack_comes_up_heals_itself_ends_clean_and_starts_after_any_kill(stack: Stack) -> None:
    first = stack.up()
    until(stack.is_ready, 180)
    assert all(stack.answers(service) for service in SERVICES)
    assert "maria-lopez" in stack.said()
    assert not next(iter(stack.home.rglob("*.seed"))).stat().st_mode & 0o077

    refused = stack.baton("up")
    assert refused.returncode == 1
    assert f"Baton already runs on {stack.home} (process {first.pid})" in refused.stderr
    for words, expected in COMMANDS.items():
        ran = stack.baton(*words.split())
        assert ran.returncode == 0, ran.stderr
        assert expected in ran.stdout

    for name in ("postgres", "nats", "messaging"):
        before = stack.pid(name)
        os.kill(before, signal.SIGKILL)
        until(lambda name=name, before=before: stack.pid(name) != before)
    until(lambda: all(stack.answers(service) for service in SERVICES))

    children = stack.processes()
    first.kill()
    first.wait()
    until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))

    second = stack.up()
    until(stack.is_ready)
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 0, stack.said()
    assert stack.processes() == []
    assert "by force" not in stack.said()
