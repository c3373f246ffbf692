"""Video on call: what nobody gets who does not join, and what rests nowhere in plain."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest

from baton_events.codes import Availability
from services.booking.operations.ground import rooms_of
from services.booking.settings import BookingSettings
from shared.errors import Refusal
from shared.requests import video as ask
from shared.requests.availability import OVERRIDE, OverrideAvailability
from shared.requests.booking import APPOINTMENT, OfAppointment
from shared.requests.common import OfPatient
from shared.requests.directory import MAY_OPEN, Ground
from shared.settings import SettingsWrong
from tests.booking.moving import move, others
from tests.booking.people import AMARA, SAN_FRANCISCO
from tests.booking.visits import book

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Open, Stack

MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
JONAS = UUID("9a71e000-0000-4000-8000-000000000002")
DANA = UUID("c1111c00-0000-4000-8000-000000000003")
LOUD, QUIET = "Crushing chest pain and my left arm is numb", "A rash on my arm since yesterday"


async def wait(s: Stack, who: str, patient: UUID, reason: str = QUIET, key: str = "") -> ask.VideoRequested:
    return await s.ask(ask.REQUEST_VIDEO, ask.RequestVideo(patient=patient, reason=reason), as_=who, key=key)


async def opens(s: Stack, patient: UUID) -> Ground | None:
    return (await s.ask(MAY_OPEN, OfPatient(patient=patient), as_="dana-reyes", service="visits")).ground


async def test_who_does_not_get_to_join_has_the_record_open_no_longer_than_who_does_not_get_to_book(
    stack: Open,
) -> None:
    async with stack("directory", "booking") as s:
        maria = ask.OfVideo(video=(await wait(s, "maria-lopez", MARIA)).video)
        jonas = ask.OfVideo(video=(await wait(s, "jonas-weber", JONAS)).video)
        await s.ask(ask.CONNECT_VIDEO, maria, as_="dana-reyes")
        for _ in range(2):
            with pytest.raises(Refusal) as refused:
                await s.ask(ask.CONNECT_VIDEO, jonas, as_="dana-reyes")
            assert refused.value.code == "busy-now"
            s.clock.advance(timedelta(minutes=1))
        await s.quiet()
        s.clock.advance(timedelta(minutes=15))
        assert await opens(s, JONAS) is None
        assert await opens(s, MARIA) is Ground.TREATMENT


async def test_what_the_reason_sounds_like_is_told_again_and_rests_nowhere(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        told = await wait(s, "maria-lopez", MARIA, LOUD, key="once")
        assert told.emergency is not None
        assert await wait(s, "maria-lopez", MARIA, LOUD, key="once") == told
        with pytest.raises(Refusal) as other:
            await wait(s, "maria-lopez", MARIA, QUIET, key="once")
        assert other.value.code == "idempotency-key-reused"
        kept: bytes = await s.fetchval("booking", "SELECT done FROM idempotency WHERE key = 'once'")
        assert msgspec.json.decode(kept)["emergency"] is None


async def test_a_visit_moved_to_a_colleague_has_another_room(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        opened = OverrideAvailability(
            clinician=DANA,
            office=SAN_FRANCISCO,
            availability=Availability.OPEN,
            start=s.clock() + timedelta(hours=2),
            end=s.clock() + timedelta(hours=4),
            reason="somebody is away",
        )
        await s.ask(OVERRIDE, opened, as_="fern-dale")
        booked = await book(s, kind="video", clinician=DANA, visit_type="general")
        of = OfAppointment(appointment=booked.appointment)
        s.clock.set(booked.start - timedelta(minutes=29))
        first = (await s.ask(APPOINTMENT, of, as_=booked.clinician)).link
        [offer, *_] = await others(s, booked.appointment, kind="video", clinician=AMARA)
        to = await move(s, booked.appointment, offer)
        s.clock.set(to.start - timedelta(minutes=29))
        theirs, mine = [(await s.ask(APPOINTMENT, of, as_=who)).link for who in (to.clinician, MARIA)]
        assert first is not None
        assert theirs is not None
        assert mine is not None
        assert room(theirs) == room(mine) != room(first)
        with pytest.raises(Refusal):
            await s.ask(APPOINTMENT, of, as_=DANA)


def room(link: str) -> str:
    return link.partition("?")[0]


def settings(folder: Path, secret: bytes, url: str) -> BookingSettings:
    file = folder / "meeting"
    file.write_bytes(secret)
    nothing = {"nats_url": "", "issuer": "", "jwks_url": "", "meeting_url": url, "meeting_secret_file": file}
    files = dict.fromkeys(("practice_dir", "service_key_file", "service_keys_file"), folder)
    return BookingSettings(**nothing, **files)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("secret", "url"),
    [
        (b"", "https://meet.example.org"),
        (b"changeme", "https://meet.example.org"),
        (b"s" * 31 + b"\n", "https://meet.example.org"),
        (b"s" * 32, "http://meet.example.org"),
    ],
)
def test_rooms_that_others_could_enter_are_none(tmp_path: Path, secret: bytes, url: str) -> None:
    with pytest.raises(SettingsWrong):
        rooms_of(settings(tmp_path, secret, url), b"shared" * 8)


def test_a_secret_long_enough_is_the_servers_own(tmp_path: Path) -> None:
    assert rooms_of(settings(tmp_path, b"s" * 32 + b"\n", "https://meet.example.org"), b"").secret == b"s" * 32
    assert rooms_of(settings(tmp_path, b"s" * 32, "http://meet"), b"").url == "http://meet"
