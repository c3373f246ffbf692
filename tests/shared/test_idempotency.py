"""Repeats: a command under one key is done once, however often, at once or late it is sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from shared import idempotency
from shared.errors import Conflict, Internal, KeyReused
from shared.requests.booking import CANCEL, AppointmentState, AppointmentStatus, OfAppointment
from tests.support.clinic import TABLES, Clinic, note

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from shared.app import App, Ground
    from shared.call import Call
    from tests.support.stack import Open, Stack

MARIA, JONAS = "maria-lopez", "jonas-weber"


class Gone(Conflict):
    """It has been given back."""

    code = "gone"


class Desk:
    """Serves `booking.cancel` with a row in `effect`; it breaks where a test says so."""

    def __init__(self) -> None:
        self.only_once = False
        self.breaks = 0

    def build(self) -> App:
        return replace(Clinic().build(), operations={CANCEL: self.cancel})

    async def cancel(self, ground: Ground, call: Call, ask: OfAppointment) -> AppointmentState:
        done = AppointmentState(appointment=ask.appointment, status=AppointmentStatus.CANCELLED)
        async with ground.db.transaction() as tx:
            count = "SELECT count(*) FROM effect WHERE entity = $1"
            if self.only_once and await tx.fetchval(count, ask.appointment):
                raise Gone
            await note(tx, call.caller_id, ask.appointment)
            await idempotency.keep(tx, call, done)
            if self.breaks:
                self.breaks -= 1
                raise ValueError
        return done


def at(stack: Open, desk: Desk) -> AbstractAsyncContextManager[Stack]:
    return stack(apps={"booking": desk.build}, tables={"booking": TABLES})


async def effects(s: Stack, appointment: UUID) -> int:
    return int(await s.fetchval("booking", "SELECT count(*) FROM effect WHERE entity = $1", appointment))


@pytest.mark.parametrize("only_once", [False, True], ids=["breaking on its key", "breaking on the state it left"])
async def test_a_repeat_is_answered_again_and_not_done_again(stack: Open, only_once: bool) -> None:
    desk = Desk()
    desk.only_once = only_once
    async with at(stack, desk) as s:
        ask = OfAppointment(appointment=uuid4())
        first = await s.ask(CANCEL, ask, as_=MARIA, key="one")
        assert await s.ask(CANCEL, ask, as_=MARIA, key="one") == first
        assert await effects(s, ask.appointment) == 1


async def test_fifty_at_once_under_one_key_are_done_once_and_answered_alike(stack: Open) -> None:
    async with at(stack, Desk()) as s:
        ask = OfAppointment(appointment=uuid4())
        answers = await asyncio.gather(*(s.ask(CANCEL, ask, as_=MARIA, key="one") for _ in range(50)))
        assert all(answer == answers[0] for answer in answers)
        assert await effects(s, ask.appointment) == 1


async def test_another_request_under_the_same_key_is_refused(stack: Open) -> None:
    async with at(stack, Desk()) as s:
        other = OfAppointment(appointment=uuid4())
        await s.ask(CANCEL, OfAppointment(appointment=uuid4()), as_=MARIA, key="one")
        with pytest.raises(KeyReused):
            await s.ask(CANCEL, other, as_=MARIA, key="one")
        assert await effects(s, other.appointment) == 0


async def test_a_key_is_its_callers_own(stack: Open) -> None:
    async with at(stack, Desk()) as s:
        ask = OfAppointment(appointment=uuid4())
        for person in (MARIA, JONAS):
            await s.ask(CANCEL, ask, as_=person, key="one")
        assert await effects(s, ask.appointment) == 2


async def test_what_was_rolled_back_is_done_by_the_repeat(stack: Open) -> None:
    desk = Desk()
    desk.breaks = 1
    async with at(stack, desk) as s:
        ask = OfAppointment(appointment=uuid4())
        with pytest.raises(Internal):
            await s.ask(CANCEL, ask, as_=MARIA, key="one")
        assert await effects(s, ask.appointment) == 0
        await s.ask(CANCEL, ask, as_=MARIA, key="one")
        assert await effects(s, ask.appointment) == 1


async def test_another_key_means_another_time(stack: Open) -> None:
    async with at(stack, Desk()) as s:
        ask = OfAppointment(appointment=uuid4())
        for key in ("one", "two"):
            await s.ask(CANCEL, ask, as_=MARIA, key=key)
        assert await effects(s, ask.appointment) == 2
