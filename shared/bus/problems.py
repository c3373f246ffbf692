"""Refusals on the wire: problem documents (RFC 9457) out, and the matching refusal in."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from shared import errors
from shared.database import DatabaseUnavailable
from shared.errors import Internal, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA_TYPE = "application/problem+json"
KINDS: dict[int, type[Refusal]] = {
    kind.status: kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Refusal) and kind is not Refusal
}
OWN_MEMBERS = ("type", "title", "status", "code", "detail", "retry_after")


def problem(refusal: Refusal) -> bytes:
    """The problem document: its type and title after the code, the sentence for the person, then the members."""
    document = {
        **refusal.members,
        "type": f"urn:baton:problem:{refusal.code}",
        "title": refusal.code.replace("-", " ").capitalize(),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    if refusal.retry_after is not None:
        document["retry_after"] = refusal.retry_after
    return msgspec.json.encode(document)


def refusal_of(body: bytes) -> Refusal:
    """The refusal that a problem document tells of: of the same status, code, sentence and members.

    It is of the class that declares the code where this process knows it, otherwise of the kind of its status.
    Another service's missing database is never taken for our own, for which everything here waits.
    """
    try:
        document: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        kind = _kind(int(document["status"]), str(document["code"]), str(document["detail"]))
    except (msgspec.DecodeError, KeyError, ValueError, TypeError):
        return Internal()
    refusal = kind.__new__(kind)
    members = {name: value for name, value in document.items() if name not in OWN_MEMBERS}
    Refusal.__init__(refusal, retry_after=document.get("retry_after"), **members)
    return refusal


@lru_cache(1024)
def _kind(status: int, code: str, detail: str) -> type[Refusal]:
    base = next((kind for kind in _known(Refusal) if kind.status == status and kind.code == code), None)
    base = base or KINDS.get(status, Internal)
    if (base.status, base.code, inspect.getdoc(base)) == (status, code, detail):
        return base
    return type(base.__name__, (base,), {"status": status, "code": code, "__doc__": detail, "relayed": True})


def _known(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for known in kind.__subclasses__():
        if "relayed" not in vars(known) and known is not DatabaseUnavailable:
            yield known
            yield from _known(known)
