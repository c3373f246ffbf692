"""`baton dead-letters`: what services could not handle; have it handled again, or let it be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploy.commands import connect
from deploy.wires import KEEPERS
from shared.inbox import dead_letters
from shared.inbox.dead_letters import NoSuchLetter, NotReplayable

if TYPE_CHECKING:
    from uuid import UUID

    from deploy.home import Home

WAIT_SECONDS = 20.0


async def show(home: Home) -> int:
    """List the open letters of every service."""
    count = 0
    for service in KEEPERS:
        async with connect.database(home.service(service).database_url) as db:
            for letter in await dead_letters.list_open(db):
                count += 1
                moment = letter.recorded_at.isoformat(timespec="seconds")
                print(
                    f"{letter.id}  {service}  {moment}  {letter.type}  {letter.refusal}  tried {letter.attempts} times"
                )
    if count == 0:
        print("No dead letters.")
    return 0


async def replay(home: Home, letter: UUID) -> int:
    """Have the running service handle the event again, and say how that ended."""
    for service in KEEPERS:
        async with connect.database(home.service(service).database_url) as db:
            try:
                await dead_letters.ask_replay(db, letter, datetime.now(UTC))
                state = await dead_letters.replayed(db, letter, WAIT_SECONDS)
            except NoSuchLetter:
                continue
            except NotReplayable as error:
                print(error.detail)
                return 1
        if state.settled_at is not None:
            print(f"Handled by {service}.")
            return 0
        waiting = state.replay_asked_at is not None
        print(
            f"{service} has not taken it up yet; it will."
            if waiting
            else f"{service} refused it again: {state.refusal}."
        )
        return 1
    return _no_such()


async def discard(home: Home, letter: UUID) -> int:
    """Settle the letter without handling the event."""
    for service in KEEPERS:
        async with connect.database(home.service(service).database_url) as db:
            try:
                await dead_letters.discard(db, service, letter, datetime.now(UTC))
            except NoSuchLetter:
                continue
        print(f"Discarded in {service}.")
        return 0
    return _no_such()


def _no_such() -> int:
    print("No service has an open dead letter of this id. `baton dead-letters list` shows them.")
    return 1
