"""The yardstick: the same two rows, a sealed message of 300 bytes and an outbox row, written by asyncpg alone."""

from __future__ import annotations

import asyncio
import os
import time
from uuid import uuid4

import asyncpg

TABLES = """
CREATE TABLE IF NOT EXISTS yard_message (id uuid PRIMARY KEY, thread uuid NOT NULL, sequence bigint NOT NULL,
    author uuid NOT NULL, sealed bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS yard_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event uuid NOT NULL,
    subject text NOT NULL, payload bytea NOT NULL, published_at timestamptz);
"""
BOTH = """
WITH message AS (
    INSERT INTO yard_message (id, thread, sequence, author, sealed) VALUES ($1, $2, $3, $4, $5)
)
INSERT INTO yard_outbox (event, subject, payload) VALUES ($6, $7, $8)
"""
SEALED = os.urandom(300)
PAYLOAD = os.urandom(400)


async def yardstick(url: str, seconds: float, connections: int = 16) -> float:
    """Pairs of rows a second over `connections` connections, one statement each."""
    pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    await pool.execute(TABLES)
    end = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_write(pool, end) for _ in range(connections)))
    await pool.execute("TRUNCATE yard_message, yard_outbox")
    await pool.close()
    return sum(counts) / seconds


async def _write(pool: asyncpg.Pool, end: float) -> int:
    done = 0
    thread, author = uuid4(), uuid4()
    async with pool.acquire() as connection:
        while time.perf_counter() < end:
            subject = f"care.messaging.v1.message.sent.{author}"
            await connection.execute(BOTH, uuid4(), thread, done, author, SEALED, uuid4(), subject, PAYLOAD)
            done += 1
    return done
