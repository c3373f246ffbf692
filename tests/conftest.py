"""Fixtures for every test: a stack of real services, and logs that refuse what they do not know."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from shared import crash, logs
from tests.support.stack import stack as open_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.stack import Open


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """What the services logged in this test; a field that was not declared raises."""
    stream = io.StringIO()
    logs.configure("tests", strict=True, stream=stream)
    yield stream
    crash.disarm()
    sys.stdout.write(stream.getvalue())  # shown with a failed test


@pytest.fixture
def stack() -> Open:
    """`async with stack("booking", "directory") as s:`."""
    return open_stack
