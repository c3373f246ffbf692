"""What the pharmacies heard and still owe, in one SQLite file: written before it is acted on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

from deploy.simulator.behaviours import Answer, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deploy.simulator.fhir import Order

MADE = """
CREATE TABLE IF NOT EXISTS received (
    webhook_id TEXT PRIMARY KEY, pharmacy TEXT NOT NULL, routing TEXT NOT NULL, message TEXT NOT NULL,
    at REAL NOT NULL, times INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS received_routing ON received (routing);
CREATE TABLE IF NOT EXISTS answer (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, pharmacy TEXT NOT NULL, routing TEXT NOT NULL,
    stage TEXT NOT NULL, promise REAL, next_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, settled TEXT
);
CREATE INDEX IF NOT EXISTS answer_owed ON answer (routing, position) WHERE settled IS NULL;
"""

HEARD_AGAIN = "UPDATE received SET times = times + 1 WHERE webhook_id = ?"
KNOWN = "SELECT 1 FROM received WHERE routing = ?"
HEARD = "INSERT INTO received (webhook_id, pharmacy, routing, message, at) VALUES (?, ?, ?, ?, ?)"
OWE = "INSERT INTO answer (id, pharmacy, routing, stage, promise, next_at) VALUES (?, ?, ?, ?, ?, ?)"
DROP = "UPDATE answer SET settled = 'dropped' WHERE routing = ? AND settled IS NULL"
OWED = """
SELECT a.id, a.pharmacy, a.routing, a.stage, a.next_at, a.promise, a.attempts FROM answer a
 WHERE a.settled IS NULL
   AND NOT EXISTS (SELECT 1 FROM answer b WHERE b.routing = a.routing AND b.settled IS NULL AND b.position < a.position)
 ORDER BY a.next_at LIMIT 64
"""
AGAIN = "UPDATE answer SET attempts = attempts + 1, next_at = ? WHERE id = ? AND settled IS NULL"
SETTLE = "UPDATE answer SET attempts = attempts + 1, settled = ? WHERE id = ? AND settled IS NULL"
RECEIVED = "SELECT webhook_id, pharmacy, routing, message, times FROM received ORDER BY at"


class Store:
    """One file; every method is one short transaction that blocks, and belongs in a thread."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        with closing(self._open()) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(MADE)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=10)

    def hear(self, webhook_id: str, pharmacy: UUID, order: Order, answers: Sequence[Answer], now: float) -> None:
        """Keep a message and what it makes the pharmacy owe; one heard before is only counted.

        An order that was taken back, or that came before under another id, makes nothing owed.
        """
        with closing(self._open()) as db, db:
            db.execute("BEGIN IMMEDIATE")
            if db.execute(HEARD_AGAIN, (webhook_id,)).rowcount:
                return
            known = db.execute(KNOWN, (str(order.routing),)).fetchone()
            db.execute(HEARD, (webhook_id, str(pharmacy), str(order.routing), order.message, now))
            if order.message == "cancel":
                db.execute(DROP, (str(order.routing),))
            elif known is None:
                db.executemany(OWE, [(a.id, str(pharmacy), str(a.routing), a.stage, a.promise, a.due) for a in answers])

    def owed(self) -> list[Answer]:
        """The next answer of each order, soonest first, also those not due yet."""
        with closing(self._open()) as db:
            return [_answer(row) for row in db.execute(OWED)]

    def again(self, answer: Answer, next_at: float) -> None:
        """The practice did not take it; it is tried again."""
        with closing(self._open()) as db, db:
            db.execute(AGAIN, (next_at, answer.id))

    def settle(self, answer: Answer, outcome: str) -> None:
        """Nothing more is owed about it."""
        with closing(self._open()) as db, db:
            db.execute(SETTLE, (outcome, answer.id))

    def received(self) -> list[dict[str, Any]]:
        """Every message taken in, with how many times it came."""
        with closing(self._open()) as db:
            names = ("webhook_id", "pharmacy", "routing", "message", "times")
            return [dict(zip(names, row, strict=True)) for row in db.execute(RECEIVED)]


def _answer(row: tuple[Any, ...]) -> Answer:
    identifier, pharmacy, routing, stage, due, promise, attempts = row
    return Answer(identifier, UUID(pharmacy), UUID(routing), Stage(stage), due, promise, attempts)
