"""Refusals: what a request is answered when it cannot be done, and what the person can do next."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar


class Refusal(Exception):
    """A request was understood and not done.

    The docstring of a subclass is its text, for the person to read: it says what to do next and holds nothing
    private. `members` are further fields of the problem document (RFC 9457), such as the next best offers.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, *, retry_after: int | None = None, **members: Any) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after
        self.members = members

    @property
    def detail(self) -> str:
        """The sentence for the person."""
        return " ".join((inspect.getdoc(type(self)) or "").split())


class Invalid(Refusal):
    """The request is not of the form this operation takes. The field at fault is named; correct it and send again."""

    status = 400
    code = "invalid"


class Unauthenticated(Refusal):
    """You are not signed in, or your sign-in has ended. Sign in and send the request again."""

    status = 401
    code = "unauthenticated"


class Forbidden(Refusal):
    """Your role does not include this. Ask the practice if you think it should."""

    status = 403
    code = "forbidden"


class NotFound(Refusal):
    """There is nothing here that you can open. Check the address, or ask the practice."""

    status = 404
    code = "not-found"


class Conflict(Refusal):
    """This cannot be done in the present state. Look at the state again and choose what it allows."""

    status = 409
    code = "conflict"


class KeyReused(Conflict):
    """This Idempotency-Key was used for another request. Use a new key for a new request."""

    status = 422
    code = "idempotency-key-reused"


class TooLarge(Refusal):
    """The request is larger than this operation takes. Send less at a time."""

    status = 413
    code = "too-large"


class TooMany(Refusal):
    """Too many requests at once. Wait for the time given and send again."""

    status = 429
    code = "too-many-requests"


class Unavailable(Refusal):
    """This part of the practice cannot answer right now. Nothing was done; send the same request again shortly."""

    status = 503
    code = "unavailable"


class Internal(Refusal):
    """Something went wrong on our side. Send the same request again; the practice has been told."""

    status = 500
    code = "internal"
