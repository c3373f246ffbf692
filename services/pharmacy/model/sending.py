"""How long to wait before a message is sent again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

LONGEST_WAIT = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=3)
"""By then the order has long been moved or is with a person; only a cancellation can have been waiting."""


def back_off(attempts: int, jitter: float) -> timedelta:
    """One second, doubling to a minute, after so many attempts; `jitter` from 0 to 1 takes up to a half off."""
    return min(timedelta(seconds=2.0 ** min(attempts - 1, 16)), LONGEST_WAIT) * (1.0 - jitter / 2)
