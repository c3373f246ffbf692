"""Deadlines: rows set and cancelled with the work they belong to, fired exactly once, also after an outage."""

from shared.deadlines.rows import Deadline, cancel_deadlines, set_deadline, set_deadlines

__all__ = ["Deadline", "cancel_deadlines", "set_deadline", "set_deadlines"]
