"""A whole practice in the test's process, asked over the gateway's real HTTP, as the app asks it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest_asyncio

from deploy.wires import SERVICES
from tests.gateway.conftest import Gateway
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def practice() -> AsyncIterator[Gateway]:
    """Every service and the gateway, started once for the promises of a file; no pharmacy answers.

    A file's tests share its loop: `pytestmark = pytest.mark.asyncio(loop_scope="module")`.
    """
    with tempfile.TemporaryDirectory(prefix="baton-test-promises-") as folder:
        nobodys_secrets = Path(folder) / "partners.json"
        nobodys_secrets.write_text("{}", encoding="ascii")
        variables = {"BATON_PORT": "0", "BATON_PARTNER_SECRETS_FILE": str(nobodys_secrets)}
        async with stack(*SERVICES, variables=variables) as behind, aiohttp.ClientSession() as http:
            yield Gateway(behind, http)
