"""A person for whoever asks for one: opened with its context, joined by exactly one, or withdrawn."""

from __future__ import annotations

from services.messaging.operations.people.opening import Opened, request_in

__all__ = ["Opened", "request_in"]
