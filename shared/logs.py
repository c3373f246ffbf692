"""Logs: JSON lines with the fields each event is allowed, and nothing of what an error or a library says in words.

An event of the log is declared where it happens, with its fields: `STUCK = logs.event("relay.stuck", "rows")`, then
`STUCK.warning(rows=3)`. A field that was not declared is dropped; with `strict` it raises.
"""

from __future__ import annotations

import logging
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

OWN_FIELDS = frozenset({"event", "level", "time", "service", "trace", "error", "places", "sqlstate", "constraint"})

_strict = False
_logger: Any = structlog.get_logger()


class FieldNotAllowed(Exception):
    """A log event was given a field that its declaration does not list."""


@dataclass(frozen=True)
class LogEvent:
    """One kind of line, and the only fields it may carry."""

    name: str
    fields: frozenset[str]

    def debug(self, **fields: object) -> None:
        """What only a developer wants to see."""
        self._write("debug", fields, None)

    def info(self, **fields: object) -> None:
        """What went as it should."""
        self._write("info", fields, None)

    def warning(self, *, error: BaseException | None = None, **fields: object) -> None:
        """What will be tried again."""
        self._write("warning", fields, error)

    def error(self, *, error: BaseException | None = None, **fields: object) -> None:
        """What somebody should look at."""
        self._write("error", fields, error)

    def _write(self, level: str, fields: dict[str, object], error: BaseException | None) -> None:
        unknown = fields.keys() - self.fields
        if unknown and _strict:
            raise FieldNotAllowed(f"{self.name}: {', '.join(sorted(unknown))}")
        line = {name: value for name, value in fields.items() if name in self.fields}
        if error is not None:
            line |= described(error)
        if trace_id := trace.current_trace_id():
            line["trace"] = trace_id
        _logger.log(LEVELS[level], self.name, **line)


def event(name: str, *fields: str) -> LogEvent:
    """Declare a kind of line with the fields it may carry."""
    taken = OWN_FIELDS.intersection(fields)
    assert not taken, f"{name}: every line has its own {', '.join(sorted(taken))}"
    return LogEvent(name, frozenset(fields))


LIBRARY = event("library.said", "logger", "code")


def described(error: BaseException) -> dict[str, object]:
    """An error without its words, which may hold values: its kinds, its places in our code, PostgreSQL's codes."""
    kinds = " < ".join(type(one).__name__ for one in _chain(error))
    line: dict[str, object] = {"error": kinds, "places": _places(error)}
    for one in _chain(error):
        if sqlstate := getattr(one, "sqlstate", None):
            line["sqlstate"] = sqlstate
        if constraint := getattr(one, "constraint_name", None):
            line["constraint"] = constraint
    return line


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            for inner in seen.exceptions:
                yield from _chain(inner)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [
        f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno}"
        for frame in frames
        if Path(frame.filename).is_relative_to(ROOT) and "site-packages" not in frame.filename
    ][-4:]


class _Libraries(logging.Handler):
    """Lets libraries say that something happened, and where, but not what."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        code = f"{Path(record.pathname).name}:{record.lineno}"
        tell = LIBRARY.error if record.levelno >= logging.ERROR else LIBRARY.warning
        tell(error=error, logger=record.name, code=code)


def configure(service: str, *, strict: bool = False, stream: TextIO | None = None) -> None:
    """Write lines for `service` to `stream` (standard output); libraries from warning on, without their words."""
    global _strict, _logger  # noqa: PLW0603 - a process has one log
    _strict = strict
    _logger = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stdout),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
    ).bind(service=service)
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)


def _encode(line: dict[str, object], **_: object) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
