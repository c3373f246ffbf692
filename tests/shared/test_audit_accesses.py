"""The patient can see who looked at their record, and who may see that is decided as for the record itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.errors import Forbidden, NotFound
from shared.requests import messaging as ask
from shared.requests.common import ACCESSES, OfPatient

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

MARIA, SAMIRA, AISHA = "maria-lopez", "samira-khan", "aisha-khan"
PRIVACY, JONAS = "petra-voss", "jonas-weber"
LOOKED = ACCESSES["messaging"]


async def who_looked(s: Stack, patient: str, as_: str) -> list[tuple[str, str, str]]:
    answer = await s.ask(LOOKED, OfPatient(patient=s.person(patient)), as_=as_)
    assert {access.service for access in answer.accesses} <= {"messaging"}
    assert [access.at for access in answer.accesses] == sorted((a.at for a in answer.accesses), reverse=True)
    return [(access.actor, access.action, access.what) for access in answer.accesses]


async def test_every_look_is_shown_newest_first_and_is_itself_a_look(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        maria = str(s.person(MARIA))
        thread = (await s.ask(ask.OPEN_THREAD, ask.OpenThread(patient=s.person(MARIA)), as_=MARIA)).thread
        await s.ask(ask.THREADS, ask.ReadThreads(patient=s.person(MARIA)), as_=MARIA)
        first = await who_looked(s, MARIA, MARIA)
        assert first == [
            (maria, "read", f"svc.messaging.threads: 1 threads, {thread} to {thread}"),
            (maria, "write", "svc.messaging.open-thread"),
        ]
        again = await who_looked(s, MARIA, PRIVACY)
        assert again == [(maria, "read", "svc.messaging.accesses: 2 accesses"), *first]
        last = await who_looked(s, MARIA, MARIA)
        assert last[0] == (str(s.person(PRIVACY)), "read", "svc.messaging.accesses: 3 accesses")


async def test_a_proxy_sees_who_looked_and_a_stranger_sees_nothing(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        assert await who_looked(s, SAMIRA, AISHA) == []
        for stranger in (JONAS, MARIA):
            with pytest.raises(NotFound):
                await who_looked(s, SAMIRA, stranger)
        with pytest.raises(Forbidden):
            await who_looked(s, SAMIRA, "ben-whitfield")
        assert len(await who_looked(s, SAMIRA, PRIVACY)) == 1


async def test_no_more_than_so_many_are_shown(stack: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.audit.who_looked.MOST", 3)
    async with stack("directory", "messaging") as s:
        for _ in range(5):
            looked = await who_looked(s, MARIA, MARIA)
        assert len(looked) == 3
