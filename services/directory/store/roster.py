"""Taking people from the practice data, several instances at once, without undoing what was edited since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.roster import Table

if TYPE_CHECKING:
    from services.directory.model.roster import Entry
    from shared.database import Tx

LOADING = 7_236_815

LOCK = "SELECT pg_advisory_xact_lock($1)"

LOADED = "SELECT entry, digest FROM loaded"

MARK = """
INSERT INTO loaded (entry, digest) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT loaded_pkey DO UPDATE SET digest = excluded.digest
"""

FORGET = "DELETE FROM loaded WHERE entry = $1"

PUT = {
    Table.STAFF: """
INSERT INTO staff (id, name, roles, teams, time_zone, credential, specialty, prescribes, video)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT ON CONSTRAINT staff_pkey DO UPDATE
   SET name = excluded.name, roles = excluded.roles, teams = excluded.teams, time_zone = excluded.time_zone,
       credential = excluded.credential, specialty = excluded.specialty, prescribes = excluded.prescribes,
       video = excluded.video
""",
    Table.LICENCE: """
INSERT INTO licence (staff, state, number, expires, entry) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT licence_pkey DO UPDATE SET expires = excluded.expires, entry = excluded.entry
""",
    Table.HOURS: """
INSERT INTO hours (staff, office, weekday, opens, closes, entry) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT hours_pkey DO UPDATE SET entry = excluded.entry
""",
    Table.SHIFT: """
INSERT INTO shift (staff, weekday, opens, closes, time_zone, entry) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT shift_pkey DO UPDATE SET entry = excluded.entry
""",
    Table.PATIENT: """
INSERT INTO patient (id, name, birth_date, state, time_zone, latitude, longitude, own_clinician)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT ON CONSTRAINT patient_pkey DO UPDATE
   SET name = excluded.name, birth_date = excluded.birth_date, state = excluded.state,
       time_zone = excluded.time_zone, latitude = excluded.latitude, longitude = excluded.longitude,
       own_clinician = excluded.own_clinician
 WHERE NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = excluded.id)
""",
    Table.PROXY: """
INSERT INTO proxy (patient, proxy, entry)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = $1)
ON CONFLICT ON CONSTRAINT proxy_pkey DO UPDATE SET ended_at = NULL, entry = excluded.entry
""",
}

DROP = {
    Table.LICENCE: "DELETE FROM licence WHERE entry = $1",
    Table.HOURS: "DELETE FROM hours WHERE entry = $1",
    Table.SHIFT: "DELETE FROM shift WHERE entry = $1",
    Table.PROXY: "DELETE FROM proxy WHERE entry = $1",
}


async def lock_loading(tx: Tx) -> None:
    """Have other instances wait until this one has loaded."""
    await tx.execute(LOCK, LOADING)


async def loaded(tx: Tx) -> dict[str, bytes]:
    """The digest of every entry as it was last taken."""
    return {row["entry"]: row["digest"] for row in await tx.fetch(LOADED)}


async def put(tx: Tx, entry: Entry) -> None:
    """Make the row what the entry says."""
    own = (entry.name,) if entry.table in DROP else ()
    await tx.execute(PUT[entry.table], *entry.values, *own)
    await tx.execute(MARK, entry.name, entry.digest)


async def drop(tx: Tx, name: str) -> None:
    """Remove the row of an entry that is no longer there; people themselves stay, for their history."""
    table = Table(name.partition(":")[0])
    if table in DROP:
        await tx.execute(DROP[table], name)
    await tx.execute(FORGET, name)
