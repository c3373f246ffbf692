from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from baton_events.directory import RelationshipStarted
from services.directory.operations.load import load
from shared.practice import Practice
from shared.practice.model import Entry, Licence
from tests.directory.people import AMARA, BEN, MARIA, SAMIRA
from tests.support.stack import stack

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Stack

NOW = datetime(2026, 12, 1, tzinfo=UTC)
COUNT = """
SELECT (SELECT count(*) FROM staff) AS staff, (SELECT count(*) FROM licence) AS licences,
       (SELECT count(*) FROM hours) AS hours, (SELECT count(*) FROM shift) AS shifts,
       (SELECT count(*) FROM patient) AS patients, (SELECT count(*) FROM proxy) AS proxies,
       (SELECT count(*) FROM relationship) AS relationships, (SELECT count(*) FROM outbox) AS events
"""


def changed(practice: Practice, table: str, id_: UUID, **new: object) -> Practice:
    """The practice with one entry of its data edited."""
    entries: dict[UUID, Entry] = dict(getattr(practice, table))
    entries[id_] = msgspec.structs.replace(entries[id_], **new)
    return msgspec.structs.replace(practice, **{table: entries})


async def take(s: Stack, practice: Practice) -> None:
    async with (await s.db("directory")).transaction() as tx:
        await load(tx, practice, NOW)


async def test_everybody_of_the_practice_data_is_there_after_the_start() -> None:
    async with stack("directory") as s:
        practice = s.servers.surroundings.practice
        (count,) = await s.fetch("directory", COUNT)
        assert count["staff"] == len(practice.staff)
        assert count["licences"] == sum(len(one.licences) for one in practice.staff.values())
        assert count["hours"] == sum(len(hours.weekdays) for one in practice.staff.values() for hours in one.hours)
        assert count["shifts"] == sum(len(shift.weekdays) for shift in practice.shifts)
        assert count["patients"] == len(practice.patients)
        assert count["proxies"] == 1
        assert count["relationships"] == len(practice.patients)
        await s.quiet()
        started = [got.event for got in await s.events(RelationshipStarted)]
        assert (MARIA, AMARA) in {(event.patient, event.clinician) for event in started}


async def test_starting_again_or_several_at_once_changes_nothing() -> None:
    async with stack("directory") as s:
        before = await s.fetch("directory", COUNT)
        await s.stop("directory")
        await s.start("directory")
        await asyncio.gather(*(take(s, s.servers.surroundings.practice) for _ in range(3)))
        assert await s.fetch("directory", COUNT) == before


async def test_several_instances_load_an_empty_database_together() -> None:
    async with stack("directory") as s:
        before = await s.fetch("directory", COUNT)
        await s.as_owner(
            "directory",
            "TRUNCATE relationship, proxy, patient, shift, hours, licence, staff, loaded, outbox, event_sequence",
        )
        await asyncio.gather(*(take(s, s.servers.surroundings.practice) for _ in range(3)))
        assert await s.fetch("directory", COUNT) == before


async def test_rows_edited_since_are_kept() -> None:
    async with stack("directory") as s:
        await s.fetch("directory", "UPDATE patient SET state = 'OR' WHERE id = $1", MARIA)
        await s.fetch("directory", "UPDATE licence SET ended_at = now() WHERE staff = $1", BEN)
        await s.fetch("directory", "DELETE FROM hours WHERE staff = $1", BEN)
        await s.stop("directory")
        await s.start("directory")
        assert await s.fetchval("directory", "SELECT state FROM patient WHERE id = $1", MARIA) == "OR"
        assert await s.fetchval("directory", "SELECT count(*) FROM licence WHERE ended_at IS NOT NULL") == 1
        assert await s.fetchval("directory", "SELECT count(*) FROM hours WHERE staff = $1", BEN) == 0


async def test_what_changes_in_the_practice_data_is_taken_and_no_more_than_that() -> None:
    async with stack("directory") as s:
        practice = s.servers.surroundings.practice
        await s.fetch("directory", "UPDATE patient SET name = 'Maria Edited' WHERE id = $1", MARIA)
        (licence,) = practice.staff[BEN].licences
        renewed = [
            msgspec.structs.replace(licence, expires=date(2040, 1, 31)),
            Licence(state="NV", number="1", expires=date(2040, 1, 31)),
        ]
        practice = changed(practice, "staff", BEN, licences=renewed, hours=[])
        practice = changed(practice, "patients", SAMIRA, proxies=[])
        await take(s, practice)
        licences = "SELECT state, expires FROM licence WHERE staff = $1 ORDER BY state"
        rows = [tuple(row) for row in await s.fetch("directory", licences, BEN)]
        assert rows == [("CA", date(2040, 1, 31)), ("NV", date(2040, 1, 31))]
        assert await s.fetchval("directory", "SELECT count(*) FROM hours WHERE staff = $1", BEN) == 0
        assert await s.fetchval("directory", "SELECT count(*) FROM proxy") == 0
        assert await s.fetchval("directory", "SELECT name FROM patient WHERE id = $1", MARIA) == "Maria Edited"


async def test_somebody_who_left_the_practice_data_keeps_their_history_and_loses_their_licence() -> None:
    async with stack("directory") as s:
        practice = s.servers.surroundings.practice
        staff = {id_: one for id_, one in practice.staff.items() if id_ != AMARA}
        patients = {
            id_: msgspec.structs.replace(one, own_clinician=None if one.own_clinician == AMARA else one.own_clinician)
            for id_, one in practice.patients.items()
        }
        await take(s, msgspec.structs.replace(practice, staff=staff, patients=patients, shifts=[]))
        assert await s.fetchval("directory", "SELECT name FROM staff WHERE id = $1", AMARA)
        assert await s.fetchval("directory", "SELECT count(*) FROM licence WHERE staff = $1", AMARA) == 0
        assert await s.fetchval("directory", "SELECT count(*) FROM relationship WHERE clinician = $1", AMARA) > 0
