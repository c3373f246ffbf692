"""The rules of questions: what is asked of support, and until when it is answered."""

from __future__ import annotations

from datetime import datetime, timedelta

ANSWER_WITHIN = timedelta(hours=1)
"""How long support is open before a question is to be answered (design, section 4)."""


def answer_due(now: datetime) -> datetime:
    """Until when a question of this moment is to be answered."""
    return now + ANSWER_WITHIN
