"""Treatment by message: directory, billing and messaging, started once for the tests of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.messaging.consulting import SERVICES
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stack import Stack


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def by_message() -> AsyncIterator[Stack]:
    """The services; a file's tests share its loop: `pytestmark = pytest.mark.asyncio(loop_scope="module")`."""
    async with stack(*SERVICES) as s:
        yield s
