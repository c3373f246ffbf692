import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from deploy.stack import lock, ports
from deploy.stack.supervisor import Kept, Part, Supervisor, WouldNotStart

PYTHON = sys.executable
FOREVER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


async def at_once() -> bool:
    return True


async def never() -> bool:
    return False


def part(name: str, code: str = FOREVER, stage: int = 0, stop_seconds: float = 10.0) -> Part:
    return Part(name=name, stage=stage, command=[PYTHON, "-c", code], ready=at_once, stop_seconds=stop_seconds)


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    (tmp_path / "run").mkdir()
    told: list[str] = []
    supervisor = Supervisor(tmp_path / "logs", tmp_path / "run", told.append)
    yield supervisor
    await supervisor.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


async def started(kept: Kept, times: int = 1) -> int:
    await until(lambda: kept.starts >= times and kept.process is not None and kept.process.returncode is None)
    assert kept.process is not None
    return kept.process.pid


async def test_a_process_that_dies_is_started_again(supervisor: Supervisor) -> None:
    kept = supervisor.start(part("service"))
    await supervisor.until_ready(kept)
    for times in (1, 2):
        os.kill(await started(kept, times), signal.SIGKILL)
    await started(kept, 3)


async def test_a_process_that_ends_at_once_is_given_up_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    code = "import sys; sys.exit('the setting is wrong')"
    failing = Part(name="failing", stage=0, command=[PYTHON, "-c", code], ready=never)
    with pytest.raises(WouldNotStart, match="the setting is wrong"):
        await supervisor.until_ready(supervisor.start(failing), seconds=2)


async def test_what_was_started_last_ends_first(supervisor: Supervisor, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    for stage, name in enumerate(("records", "work", "door")):
        code = f"""
import signal, sys, time
from pathlib import Path
def end(*_):
    with open({str(ended)!r}, 'a') as file: file.write('{name} ')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
Path({str(tmp_path / name)!r}).touch()
time.sleep(600)
"""
        supervisor.start(part(name, code, stage))
    await until(lambda: all((tmp_path / name).exists() for name in ("records", "work", "door")))
    await supervisor.stop()
    assert ended.read_text().split() == ["door", "work", "records"]


async def test_a_process_that_will_not_end_is_ended_by_force(supervisor: Supervisor) -> None:
    kept = supervisor.start(part("stubborn", STUBBORN, stop_seconds=0.2))
    pid = await started(kept)
    await until(lambda: b"up" in kept.log.read_bytes())
    await supervisor.stop()
    assert not psutil.pid_exists(pid)


async def test_children_die_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from deploy.stack.supervisor import Part, Supervisor
async def ready(): return True
async def main():
    supervisor = Supervisor(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}), print)
    kept = supervisor.start(Part(name='child', stage=0, command=[sys.executable, '-c', {FOREVER!r}], ready=ready))
    while kept.process is None: await asyncio.sleep(0.01)
    print(kept.process.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    root = Path(__file__).parents[2]
    parent = await asyncio.create_subprocess_exec(
        PYTHON, "-c", code, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_second_stack_on_the_same_home_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    with lock.only_one(tmp_path), pytest.raises(lock.AlreadyRunning, match=str(os.getpid())), lock.only_one(tmp_path):
        pass


def test_the_home_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    code = (
        "import sys, time; from pathlib import Path; from deploy.stack import lock\n"
        "with lock.only_one(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([PYTHON, "-c", code, tmp_path], stdout=subprocess.PIPE, cwd=root) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(lock.AlreadyRunning), lock.only_one(tmp_path):
            pass
        holder.kill()
    with lock.only_one(tmp_path):
        pass


def test_what_a_killed_stack_left_running_is_ended_and_others_are_not(tmp_path: Path) -> None:
    with subprocess.Popen([PYTHON, "-c", FOREVER]) as left, subprocess.Popen([PYTHON, "-c", FOREVER]) as other:  # noqa: S603
        lock.remember(tmp_path, "visits", left.pid)
        (tmp_path / "booking.process").write_text(f'{{"pid": {other.pid}, "began": 1.0}}')
        lock.end_left_behind(tmp_path)
        ended = [process for process in (left, other) if process.poll() is not None]
        other.kill()
    assert ended == [left]
    assert list(tmp_path.glob("*.process")) == []


def test_ports_are_kept_from_run_to_run_unless_somebody_took_them(tmp_path: Path) -> None:
    first = ports.choose(tmp_path / "ports.json", ["nats", "issuer"])
    assert ports.choose(tmp_path / "ports.json", ["nats", "issuer"]) == first
    with socket.create_server(("127.0.0.1", first["nats"])):
        second = ports.choose(tmp_path / "ports.json", ["nats", "issuer"])
    assert second["nats"] != first["nats"]
    assert second["issuer"] == first["issuer"]


def test_a_taken_port_of_the_practice_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortTaken, match=str(port)):
            ports.require(port)
