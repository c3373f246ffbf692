"""A practice with pharmacies: directory, pharmacy and the gateway, on real servers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.pharmacy.counter import counter
from tests.pharmacy.playing import playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.pharmacy.counter import Counter
    from tests.pharmacy.playing import Pharmacies
    from tests.support.stack import Open, Stack

    WithPharmacies = Callable[..., AbstractAsyncContextManager[tuple[Stack, Pharmacies]]]
    WithCounter = Callable[..., AbstractAsyncContextManager[tuple[Stack, Counter]]]

SERVICES = ("directory", "pharmacy", "gateway")


@pytest.fixture
def practice(stack: Open) -> WithPharmacies:
    """`async with practice() as (s, pharmacies):`, with the simulator playing the pharmacies."""

    @asynccontextmanager
    async def open_practice(**more: Any) -> AsyncIterator[tuple[Stack, Pharmacies]]:
        async with playing(**more) as pharmacies, stack(*SERVICES, variables=pharmacies.variables) as s:
            yield s, pharmacies

    return open_practice


@pytest.fixture
def by_hand(stack: Open) -> WithCounter:
    """`async with by_hand() as (s, counter):`, with the test itself at the pharmacies' counters; takes settings."""

    @asynccontextmanager
    async def open_practice(**variables: str) -> AsyncIterator[tuple[Stack, Counter]]:
        async with (
            playing(opened=False) as pharmacies,
            counter(pharmacies) as stands,
            stack(*SERVICES, variables={**pharmacies.variables, **variables}) as s,
        ):
            yield s, stands

    return open_practice
