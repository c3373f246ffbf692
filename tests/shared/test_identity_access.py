from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from shared.errors import NotFound, Unavailable
from shared.identity.access import may_open, require_open
from shared.requests import directory, visits
from shared.requests.common import OfPatient
from shared.requests.directory import Ground, MayOpen
from tests.shared.line import MARIA, Line

JONAS = UUID("9a71e000-0000-4000-8000-000000000002")


class Directory:
    """Answers as told, and remembers who was asked for, by whom."""

    def __init__(self) -> None:
        self.ground: Ground | None = Ground.TREATMENT
        self.asked: list[tuple[UUID, UUID]] = []

    async def may_open(self, _: Any, call: Any, ask: OfPatient) -> MayOpen:
        self.asked.append((call.person.id, ask.patient))
        return MayOpen(ground=self.ground)


async def test_ones_own_record_opens_without_asking(line: Line) -> None:
    ground: Any = SimpleNamespace(bus=await line.bus("visits"))
    call = line.call(visits.VISIT, "maria-lopez")
    assert await may_open(ground, call, MARIA) is Ground.SELF


async def test_anothers_record_opens_on_the_ground_that_directory_gives_each_time(line: Line) -> None:
    answering = Directory()
    await line.serve({directory.MAY_OPEN: answering.may_open})
    ground: Any = SimpleNamespace(bus=await line.bus("visits"))
    call = line.call(visits.VISIT, "ben-whitfield")
    assert await require_open(ground, call, MARIA) is Ground.TREATMENT
    answering.ground = None
    assert await may_open(ground, call, MARIA) is None
    ben = line.around.person("ben-whitfield")
    assert answering.asked == [(ben, MARIA), (ben, MARIA)]


async def test_without_a_ground_the_record_is_not_to_be_found(line: Line) -> None:
    answering = Directory()
    answering.ground = None
    await line.serve({directory.MAY_OPEN: answering.may_open})
    ground: Any = SimpleNamespace(bus=await line.bus("visits"))
    with pytest.raises(NotFound):
        await require_open(ground, line.call(visits.VISIT, "maria-lopez"), JONAS)


async def test_no_answer_is_no_access(line: Line) -> None:
    ground: Any = SimpleNamespace(bus=await line.bus("visits"))
    with pytest.raises(Unavailable):
        await may_open(ground, line.call(visits.VISIT, "ben-whitfield"), MARIA)
