"""Role by relationship by operation: every cell is asked for real, and an operation without a row fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.issuer.accounts import standing
from shared.errors import Forbidden, NotFound, Refusal
from shared.identity.people import Role
from shared.requests import OPERATIONS, consults, custody
from shared.requests import messaging as threads
from tests.messaging import consulting
from tests.messaging.matrix import GRACE, PEOPLE, ROWS, SAM, Row, Things

if TYPE_CHECKING:
    from shared.requests import Ask
    from tests.support.stack import Open, Stack

LET_IN, FORBIDDEN, HIDDEN = "let in", "forbidden", "hidden"
ASKED_OTHERWISE = {consults.REQUEST_CONSULT.subject}
"""An offer is asked for by whom it was made to."""


async def told(s: Stack, row: Row, ask: Ask, who: str) -> str:
    """Whether somebody is let in, whatever becomes of what they ask then."""
    try:
        await s.ask(row.operation, ask, as_=who)
    except Forbidden:
        return FORBIDDEN
    except Refusal as refusal:
        return HIDDEN if refusal.status == NotFound.status else LET_IN
    return LET_IN


def expected(s: Stack, row: Row, letter: str) -> str:
    """What the table says."""
    stands = standing(s.servers.surroundings.practice, s.person(PEOPLE[letter]))
    assert stands is not None
    if letter in row.forbids or row.operation.roles.isdisjoint(map(Role, stands.roles)):
        assert letter not in row.lets, f"{row.name}: the role of {PEOPLE[letter]} may not ask"
        return FORBIDDEN
    return LET_IN if letter in row.lets else HIDDEN


def test_every_operation_of_messaging_has_its_row() -> None:
    asked = {row.operation.subject for row in ROWS} | ASKED_OTHERWISE
    assert {name for name, op in OPERATIONS.items() if op.service == "messaging"} == asked


async def test_every_cell_is_as_the_table_says(stack: Open) -> None:
    async with stack(*consulting.SERVICES) as s:
        things, wrong = await Things.of(s), []
        for row in ROWS:
            outsiders = await row.ask(things)
            for letter, who in PEOPLE.items():
                wanted = expected(s, row, letter)
                ask = await row.ask(things) if wanted == LET_IN and row.operation.command else outsiders
                found = await told(s, row, ask, who)
                if found != wanted:
                    wrong.append(f"{row.name} by {letter} {who}: {found}, not {wanted}")
            try:
                await s.ask(row.operation, outsiders, service="gateway")
            except Forbidden:
                continue
            wrong.append(f"{row.name} by a service")
        assert not wrong, "\n".join(wrong)


async def test_whoever_left_the_team_is_refused_at_the_next_request(stack: Open) -> None:
    async with stack(*consulting.SERVICES) as s:
        things = await Things.of(s)
        for who, thread in ((GRACE, await things.waiting()), (SAM, await things.claimed())):
            ask = threads.ReadMessages(thread=thread)
            await s.ask(threads.MESSAGES, ask, as_=who)
            with pytest.raises(NotFound):
                await s.ask(threads.MESSAGES, ask, token=s.token(who, teams=[]))
            with pytest.raises(NotFound):
                await s.ask(custody.CLAIM, threads.OfThread(thread=thread), token=s.token(who, teams=[]))
