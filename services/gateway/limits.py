"""Bounds at the door: how fast one caller may send, and how many requests may be under way."""

from __future__ import annotations

import math
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cachetools import LRUCache

from services.gateway.refusals import Full, TooFast, TooManyStreams

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from uuid import UUID

REMEMBERED = 20_000


class Rate:
    """A token bucket a caller: `burst` at once, then `rate` a second.

    The callers seen longest ago are forgotten, which gives them a full bucket: the memory is bounded, and whoever
    would fill it with made-up callers has none to show.
    """

    def __init__(self, rate: float, burst: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._monotonic = monotonic
        self._left: LRUCache[Hashable, tuple[float, float]] = LRUCache(REMEMBERED)

    def take(self, caller: Hashable) -> None:
        """Count one request of the caller; raises TooFast with the seconds to wait."""
        now = self._monotonic()
        left, at = self._left.get(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < 1:
            self._left[caller] = (left, now)
            raise TooFast(retry_after=math.ceil((1 - left) / self._rate))
        self._left[caller] = (left - 1, now)


class InFlight:
    """At most `most` at once; the next is refused at once instead of waiting."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """While one is under way; raises Full."""
        if self.now >= self._most:
            raise Full(retry_after=1)
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1


class Streams:
    """At most `most` live streams, and `each` of one person."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._of: Counter[UUID] = Counter()

    @contextmanager
    def one(self, person: UUID) -> Iterator[None]:
        """While one is open; raises Full or TooManyStreams."""
        if self._of.total() >= self._most:
            raise Full(retry_after=5)
        if self._of[person] >= self._each:
            raise TooManyStreams(retry_after=5)
        self._of[person] += 1
        try:
            yield
        finally:
            self._of[person] -= 1
            self._of += Counter()
