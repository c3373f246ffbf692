from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from baton_events.booking import AppointmentLicenceLapsed, AppointmentLicenceRestored
from baton_events.codes import VisitKind
from services.booking.model.refusals import LicenceMissing
from services.booking.operations import licences
from services.booking.store import licences as store
from shared.errors import Forbidden, Unavailable
from shared.requests.booking import CANCEL, OfAppointment
from shared.requests.moves import CHECK_LICENCES, CheckLicences
from tests.booking.moving import booked_at, fresh, moved
from tests.booking.people import AMARA, BEN, JONAS, MARIA, SAN_FRANCISCO
from tests.booking.visits import checked_in, find, take
from tests.support.stack import stack as opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from baton_events import Event
    from shared.requests.booking import Booked
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLE = Path(__file__).parents[2] / "deploy" / "practice"
END = "UPDATE licence SET ended_at = $3 WHERE staff = $1 AND state = $2"
ROUND_DONE = "SELECT next_at > $1 FROM licence_round"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Stack]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(licences, "POLL_SECONDS", 0.2)
        async with opened("directory", "booking") as running:
            yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(services: Stack) -> AsyncIterator[Stack]:
    async with fresh(services) as empty:
        yield empty
    await services.fetch("directory", "UPDATE licence SET ended_at = NULL")


async def end_licence(s: Stack, clinician: UUID, at: datetime | None, state: str = "CA") -> None:
    await s.fetch("directory", END, clinician, state, at)


async def look(s: Stack) -> None:
    """Ask now, whatever the day."""
    await licences.look(s.ground("booking"), s.clock())


async def told(s: Stack, kind: type[Event], booked: Booked) -> list[Event]:
    await s.quiet()
    return [got.event for got in await s.events(kind) if got.event.entity == booked.appointment]


async def lapses(s: Stack, booked: Booked) -> list[Event]:
    return await told(s, AppointmentLicenceLapsed, booked)


async def restored(s: Stack, booked: Booked) -> list[Event]:
    return await told(s, AppointmentLicenceRestored, booked)


async def test_a_licence_that_ends_before_the_visit_has_staff_move_it_once(s: Stack) -> None:
    before, after = await booked_at(s, 3), await booked_at(s, 60)
    await end_licence(s, BEN, s.clock() + timedelta(hours=10))
    now = s.clock()
    for _ in range(3):
        await look(s)
    assert await lapses(s, before) == []
    (event,) = await lapses(s, after)
    assert isinstance(event, AppointmentLicenceLapsed)
    assert (event.patient, event.clinician, event.office) == (MARIA, BEN, after.office)
    assert event.move_owner == f"team:front-desk:{after.office}"
    assert abs(event.move_due - (now + timedelta(hours=24))) < timedelta(minutes=1)


async def test_a_visit_in_an_office_takes_a_licence_in_its_state_on_the_day_too(s: Stack) -> None:
    wanted = {"clinician": AMARA, "kind": VisitKind.OFFICE, "earliest": s.clock() + timedelta(hours=10)}
    offer = (await find(s, "jonas-weber", **wanted)).offers[0]
    await end_licence(s, AMARA, s.clock() + timedelta(hours=5))
    with pytest.raises(LicenceMissing):
        await take(s, offer, "jonas-weber")
    await end_licence(s, AMARA, None)
    await take(s, offer, "jonas-weber")


async def test_the_nearer_the_visit_the_sooner_it_is_to_be_moved(s: Stack) -> None:
    booked = await booked_at(s, 10)
    await end_licence(s, BEN, s.clock())
    now = s.clock()
    await look(s)
    (event,) = await lapses(s, booked)
    assert isinstance(event, AppointmentLicenceLapsed)
    assert abs(event.move_due - (now + (booked.start - now) / 2)) < timedelta(minutes=1)


async def test_when_the_licence_is_back_nobody_needs_to_move_it_and_a_second_lapse_is_told_again(s: Stack) -> None:
    booked = await booked_at(s, 10)
    for times in (1, 2):
        await end_licence(s, BEN, s.clock())
        await look(s)
        await end_licence(s, BEN, None)
        await look(s)
        await look(s)
        assert (len(await lapses(s, booked)), len(await restored(s, booked))) == (times, times)


async def test_what_has_moved_to_somebody_licensed_needs_nothing_more(s: Stack) -> None:
    booked = await booked_at(s, 10)
    await end_licence(s, BEN, s.clock())
    await look(s)
    to = await moved(s, booked.appointment, "fern-dale" if booked.office == SAN_FRANCISCO else "maria-lopez")
    assert to.clinician != BEN
    await look(s)
    assert (len(await lapses(s, booked)), len(await restored(s, booked))) == (1, 0)
    await end_licence(s, AMARA, s.clock())
    await look(s)
    assert len(await lapses(s, booked)) == (2 if to.clinician == AMARA else 1)


async def test_what_is_cancelled_or_under_way_or_of_an_erased_patient_is_left_alone(s: Stack) -> None:
    cancelled, arrived = await booked_at(s, 3), await booked_at(s, 5)
    gone = await booked_at(s, 7, "aisha-khan")
    await s.ask(CANCEL, OfAppointment(appointment=cancelled.appointment), as_="maria-lopez")
    await s.handled("booking", await s.publish(checked_in(arrived, MARIA)))
    await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", s.person("aisha-khan"))
    await end_licence(s, BEN, s.clock())
    await look(s)
    for one in (cancelled, arrived, gone):
        assert await lapses(s, one) == []
    await s.as_owner("booking", "DELETE FROM erased_patient")


async def test_by_video_the_licence_counts_where_the_patient_lives_at_that_time(s: Stack) -> None:
    booked = await booked_at(s, who="jonas-weber", clinician=None, kind=VisitKind.VIDEO)
    await end_licence(s, booked.clinician, s.clock(), "CA")
    await look(s)
    assert await lapses(s, booked) == []
    await s.fetch("directory", "UPDATE patient SET state = 'CA' WHERE id = $1", s.person("jonas-weber"))
    await look(s)
    await s.fetch("directory", "UPDATE patient SET state = 'CO' WHERE id = $1", s.person("jonas-weber"))
    assert len(await lapses(s, booked)) == 1


async def test_a_change_between_looking_and_saying_is_not_talked_over(s: Stack) -> None:
    booked = await booked_at(s, 10)
    ground = s.ground("booking")
    async with ground.db.transaction() as tx:
        (seen,) = await store.to_come(tx, s.clock(), s.clock() + licences.AHEAD, None, 10)
    await moved(s, booked.appointment)
    await licences._say(ground, seen, s.clock(), lapsed=True)
    assert await lapses(s, booked) == []


async def test_all_pages_are_looked_at_and_nothing_beyond_ninety_days(
    s: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licences, "BATCH", 2)
    booked = [await booked_at(s, hours) for hours in (3, 5, 7, 9, 11)]
    far = "UPDATE appointment SET start_at = start_at + $2, end_at = end_at + $2 WHERE id = $1"
    await s.fetch("booking", far, booked[-1].appointment, timedelta(days=90))
    await end_licence(s, BEN, s.clock())
    await look(s)
    assert [len(await lapses(s, one)) for one in booked] == [1, 1, 1, 1, 0]


async def test_it_is_looked_at_every_day_and_when_told(s: Stack) -> None:
    booked = await booked_at(s, 40)
    await s.until(lambda: s.fetchval("booking", ROUND_DONE, s.clock() + timedelta(hours=23)), 20)
    await end_licence(s, BEN, s.clock())
    for roleless in ("maria-lopez", "ben-whitfield"):
        with pytest.raises(Forbidden):
            await s.ask(CHECK_LICENCES, CheckLicences(), as_=roleless)
    await s.ask(CHECK_LICENCES, CheckLicences(), as_="olive-park")
    assert await s.until(lambda: lapses(s, booked), 20)
    await end_licence(s, BEN, None)
    s.clock.advance(timedelta(hours=25))
    assert await s.until(lambda: restored(s, booked), 20)


async def test_while_directory_is_away_nothing_is_said_and_the_round_is_not_over(s: Stack) -> None:
    booked = await booked_at(s, 40)
    ground = s.ground("booking")
    await s.stop("directory")
    await s.fetch("booking", "UPDATE licence_round SET next_at = 'epoch'")
    with pytest.raises(Unavailable):
        await licences.look_round(ground)
    assert await s.fetchval("booking", "SELECT next_at < now() FROM licence_round")
    await s.start("directory")
    assert await lapses(s, booked) == []


async def test_a_state_is_opened_and_closed_by_a_change_of_the_practices_data(s: Stack, tmp_path: Path) -> None:
    s.clock.set(datetime.now(UTC))
    await s.fetch("directory", "UPDATE patient SET state = 'KY' WHERE id = $1", JONAS)
    assert (await find(s, "jonas-weber", visit_type="general", kind=VisitKind.VIDEO)).offers == []
    await take_data(s, opened_in_kentucky(tmp_path))
    offers = (await find(s, "jonas-weber", visit_type="general", kind=VisitKind.VIDEO)).offers
    assert {one.clinician for one in offers} == {AMARA}
    booked = await booked_at(s, 5, "jonas-weber", clinician=AMARA, visit_type="general", kind=VisitKind.VIDEO)
    await take_data(s, SAMPLE)
    assert (await find(s, "jonas-weber", visit_type="general", kind=VisitKind.VIDEO)).offers == []
    await look(s)
    assert len(await lapses(s, booked)) == 1
    await take_data(s, tmp_path)
    await look(s)
    assert len(await restored(s, booked)) == 1
    await take_data(s, SAMPLE)
    await s.fetch("directory", "UPDATE patient SET state = 'CO' WHERE id = $1", JONAS)


def opened_in_kentucky(folder: Path) -> Path:
    """The sample practice with one more state and one more licence of Amara's, in its data only."""
    copytree(SAMPLE, folder, dirs_exist_ok=True)
    licence = '{ state = "CA", number = "A-104201", expires = 2031-12-31 },'
    for name, old, new in (
        ("practice.toml", '"IA",', '"IA", "KY",'),
        ("staff.toml", licence, f"{licence} {licence.replace('CA', 'KY')}"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


async def take_data(s: Stack, folder: Path) -> None:
    """Start directory again on the practice's data in the folder."""
    s.variables["BATON_PRACTICE_DIR"] = str(folder)
    await s.quiet()
    await s.stop("directory")
    await s.start("directory")
    del s.variables["BATON_PRACTICE_DIR"]
