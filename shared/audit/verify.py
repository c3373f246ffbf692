"""Verify a service's audit log: find what was edited, deleted, reordered, cut off or never linked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.audit import chain, store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from shared.audit.store import Checkpoint, Link
    from shared.database import Database

BATCH = 2000
LINKED_WITHIN = timedelta(seconds=5)
MOST_UNLINKED = 1000
MOST_COMPARED = 200
LOOK_AGAIN_SECONDS = 2.5


class Fault(StrEnum):
    """What can be wrong with a log."""

    ALTERED = "row-altered"
    REORDERED = "rows-reordered"
    DELETED = "row-deleted"
    LINK_MISSING = "link-missing"
    TRUNCATED = "log-truncated"
    REWRITTEN = "log-rewritten"
    UNLINKED = "row-unlinked"
    CHECKPOINT_FORGED = "checkpoint-forged"
    CHECKPOINT_MISSING = "checkpoint-missing"


@dataclass(frozen=True)
class Finding:
    """One fault. `position` is the place in the chain, `audit` the number of the row, where there is one."""

    fault: Fault
    position: int | None = None
    audit: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What was found, and how far was looked: the last position and the last that a checkpoint covers."""

    findings: list[Finding]
    position: int
    signed: int

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


async def verify(
    db: Database, keys: Sequence[Ed25519PublicKey], published: Iterable[Checkpoint], now: datetime
) -> Verdict:
    """Read the whole log and compare it with itself, with its checkpoints and with those `published` in the stream.

    `keys` are the public keys the service has signed with, present and past. A row later than the last published
    checkpoint is held by the chain alone, which its owner could write anew.
    """
    async with db.transaction() as tx:
        kept = await store.checkpoints(tx)
    findings = await _unlinked(db, now)
    published = list(published)
    signed = {}
    for checkpoint in (*kept, *published):
        if chain.is_signed(checkpoint, keys):
            signed[checkpoint.position, checkpoint.head] = checkpoint
        else:
            findings.append(Finding(Fault.CHECKPOINT_FORGED, checkpoint.position))
    own = {(checkpoint.position, checkpoint.head) for checkpoint in kept}
    findings += [Finding(Fault.CHECKPOINT_MISSING, place[0]) for place in signed if place not in own]
    walk = Walk(heads={})
    for position, head in signed:
        walk.heads.setdefault(position, set()).add(head)
    await walk.through(db)
    findings += walk.findings
    findings += [Finding(Fault.TRUNCATED, position) for position in sorted(walk.heads) if position > walk.position]
    return Verdict(sorted(set(findings), key=_place), walk.position, max(walk.heads, default=0))


async def _unlinked(db: Database, now: datetime) -> list[Finding]:
    """Rows left out of the chain. One that took long to commit may only just be seen: look twice."""
    async with db.transaction() as tx:
        found = await store.unlinked_since(tx, now - LINKED_WITHIN, MOST_UNLINKED)
    if not found:
        return []
    await asyncio.sleep(LOOK_AGAIN_SECONDS)
    async with db.transaction() as tx:
        still = await store.unlinked_since(tx, now - LINKED_WITHIN, MOST_UNLINKED)
    return [Finding(Fault.UNLINKED, audit=number) for number in found if number in still]


@dataclass
class Walk:
    """From link to link. `heads` are the hashes that checkpoints vouch for, by position."""

    heads: dict[int, set[bytes]]
    position: int = 0
    hash: bytes = chain.GENESIS
    findings: list[Finding] = field(default_factory=list)
    altered: list[tuple[bytes, Link]] = field(default_factory=list)

    async def through(self, db: Database) -> None:
        """Walk the whole chain, a batch at a time."""
        while True:
            async with db.transaction() as tx:
                links = await store.links(tx, self.position, BATCH)
            if not links:
                break
            for link in links:
                self._step(link)
        self.findings += [self._explained(before, link) for before, link in self.altered]

    def _step(self, link: Link) -> None:
        follows = link.position == self.position + 1
        if not follows:
            self.findings.append(Finding(Fault.LINK_MISSING, self.position + 1))
        if link.row is None:
            self.findings.append(Finding(Fault.DELETED, link.position, link.audit))
        elif follows and chain.follow(self.hash, link.position, link.row) != link.hash:
            self.altered.append((self.hash, link))
        if self.heads.get(link.position, {link.hash}) != {link.hash}:
            self.findings.append(Finding(Fault.REWRITTEN, link.position, link.audit))
        self.position, self.hash = link.position, link.hash

    def _explained(self, before: bytes, link: Link) -> Finding:
        """Whether the row that belongs here stands in another altered place, or was changed."""
        for _, other in self.altered[:MOST_COMPARED]:
            if (
                other is not link
                and other.row
                and chain.follow(before, link.position, other.row) in {link.hash, other.hash}
            ):
                return Finding(Fault.REORDERED, link.position, link.audit)
        return Finding(Fault.ALTERED, link.position, link.audit)


def _place(finding: Finding) -> tuple[int, int]:
    return (finding.position or 0, finding.audit or 0)
