"""Keeping processes running: started in order, started again when they die, ended in the opposite order."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from deploy.stack import lock
from deploy.stack.account import becoming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from deploy.stack.account import Account

FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS = 0.2, 5.0, 10.0
LARGEST_LOG = 20 * 1024 * 1024
ENOUGH_STARTS = 5


class WouldNotStart(Exception):
    """A process ended again and again, or did not answer in time; the message shows the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the stack: what starts it, when it is ready, how it is ended; a later `stage` ends earlier."""

    name: str
    stage: int
    command: list[str]
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    before_start: Callable[[], None] = lambda: None
    stop_with: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    dies_with: signal.Signals = signal.SIGKILL
    account: Account | None = None


@dataclass
class Kept:
    """A part as it runs."""

    part: Part
    log: Path
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    was_ready: bool = False
    stopping: bool = False
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: asyncio.Task[None] | None = None


@dataclass
class Supervisor:
    """Keeps parts running until `stop`. `tell` is given a line for whoever watches."""

    logs: Path
    run: Path
    tell: Callable[[str], None]
    kept: list[Kept] = field(default_factory=list)

    def start(self, part: Part) -> Kept:
        """Start the part, and start it again whenever it ends."""
        self.logs.mkdir(parents=True, exist_ok=True)
        kept = Kept(part, self.logs / f"{part.name}.log")
        self.kept.append(kept)
        kept.task = asyncio.create_task(self._keep(kept))
        return kept

    async def until_ready(self, *parts: Kept, seconds: float = 60.0) -> None:
        """Wait until every part answers; raises WouldNotStart."""
        await asyncio.gather(*(self._until_ready(kept, seconds) for kept in parts))

    async def stop(self) -> None:
        """End everything, stage by stage from the last; by force what does not go in its time."""
        for stage in sorted({kept.part.stage for kept in self.kept}, reverse=True):
            await asyncio.gather(*(self._end(kept) for kept in self.kept if kept.part.stage == stage))

    def kill(self) -> None:
        """End everything by force, at once."""
        for kept in self.kept:
            kept.stopping = True
            if kept.process is not None and kept.process.returncode is None:
                kept.process.send_signal(kept.part.dies_with)

    async def _keep(self, kept: Kept) -> None:
        pause = FIRST_PAUSE
        while process := await self._start(kept):
            began = asyncio.get_running_loop().time()
            code = await process.wait()
            if kept.was_ready and not kept.stopping:
                self.tell(f"{kept.part.name} ended ({_how(code)}); starting it again")
            if asyncio.get_running_loop().time() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _start(self, kept: Kept) -> asyncio.subprocess.Process | None:
        part = kept.part
        async with kept.starting:
            if kept.stopping:
                return None
            await asyncio.to_thread(part.before_start)
            with _appending(kept.log) as out:
                kept.process = await asyncio.create_subprocess_exec(
                    *part.command,
                    env={**os.environ, **part.environment},
                    cwd=self.run,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                    preexec_fn=becoming(part.account, part.dies_with),
                )
            kept.starts += 1
            lock.remember(self.run, part.name, kept.process.pid)
            return kept.process

    async def _until_ready(self, kept: Kept, seconds: float) -> None:
        end, pause = asyncio.get_running_loop().time() + seconds, 0.05
        while not await kept.part.ready():
            assert kept.task is not None, "it was started"
            if kept.task.done():
                await kept.task
            if kept.starts > ENOUGH_STARTS or asyncio.get_running_loop().time() > end:
                raise WouldNotStart(f"{kept.part.name} would not start. {kept.log} ends:\n{_end_of(kept.log)}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, 0.5)
        kept.was_ready = True

    async def _end(self, kept: Kept) -> None:
        kept.stopping = True
        async with kept.starting:
            process = kept.process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(kept.part.stop_with)
            try:
                await asyncio.wait_for(process.wait(), kept.part.stop_seconds)
            except TimeoutError:
                self.tell(f"{kept.part.name} did not end in {kept.part.stop_seconds:.0f} s; ending it by force")
                process.kill()
                await process.wait()
        if kept.task is not None:
            kept.task.cancel()
            await asyncio.wait([kept.task])
        (self.run / f"{kept.part.name}.process").unlink(missing_ok=True)


def _appending(log: Path) -> BinaryIO:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"status {code}"


def _end_of(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
