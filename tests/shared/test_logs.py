"""Logs: declared fields only, errors without their words, libraries without theirs."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import asyncpg
import pytest

from shared import logs
from shared.telemetry import trace

PATIENT = "Maria Lopez has chest pain"
NOTED = logs.event("test.noted", "count")


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    raise ValueError(PATIENT)


def fail_over() -> None:
    try:
        fail()
    except ValueError as error:
        raise KeyError(PATIENT) from error


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("booking", stream=stream)
    return stream


def test_a_line_carries_its_declared_fields_the_service_and_the_trace(stream: io.StringIO) -> None:
    with trace.following(None) as trace_id:
        NOTED.info(count=3)
    (line,) = lines(stream)
    assert {
        "event": "test.noted",
        "count": 3,
        "service": "booking",
        "trace": trace_id,
        "level": "info",
    }.items() <= line.items()


def test_a_field_that_was_not_declared_is_dropped(stream: io.StringIO) -> None:
    NOTED.info(count=3, reason=PATIENT)
    assert PATIENT not in stream.getvalue()
    assert lines(stream)[0]["count"] == 3


def test_in_tests_a_field_that_was_not_declared_raises() -> None:
    logs.configure("booking", strict=True, stream=io.StringIO())
    with pytest.raises(logs.FieldNotAllowed, match="reason"):
        NOTED.info(reason=PATIENT)


def test_a_field_cannot_take_the_place_of_the_lines_own() -> None:
    with pytest.raises(AssertionError):
        logs.event("test.wrong", "event")


def test_an_error_is_told_by_its_kinds_and_places_only(stream: io.StringIO) -> None:
    try:
        fail_over()
    except KeyError as error:
        NOTED.error(error=error, count=1)
    (line,) = lines(stream)
    assert line["error"] == "KeyError < ValueError"
    assert line["places"][0].startswith("tests/shared/test_logs.py:")
    assert PATIENT not in stream.getvalue()


def test_a_driver_error_is_told_by_sqlstate_and_constraint(stream: io.StringIO) -> None:
    error = asyncpg.UniqueViolationError(f"Key (name)=({PATIENT}) already exists.")
    error.constraint_name = "patient_name_key"
    error.detail = PATIENT
    NOTED.error(error=error)
    (line,) = lines(stream)
    assert (line["sqlstate"], line["constraint"]) == ("23505", "patient_name_key")
    assert PATIENT not in stream.getvalue()


def test_a_library_says_that_something_happened_and_not_what(stream: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("asyncpg").exception("row was %s", PATIENT)
    logging.getLogger("aiohttp.access").info("GET /%s", PATIENT)
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["error"]) == ("library.said", "asyncpg", "ValueError")
    assert PATIENT not in stream.getvalue()
