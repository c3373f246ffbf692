"""`baton erase-stream`: take the events of erased patients out of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.commands import connect
from deploy.wires import DEPLOY, STREAM
from services.directory.store import erasures

if TYPE_CHECKING:
    from uuid import UUID

    from nats.js import JetStreamContext

    from deploy.home import Home

ERASURE = "erasure"


async def erase_stream(home: Home) -> int:
    """Purge what the stream holds of every patient whose erasure is completed; the erasure's own events stay.

    Other teams' consumers lose what they have not read yet. Run again it finds nothing more.
    """
    async with connect.database(home.service("directory").database_url) as db, db.reading() as tx:
        patients = await erasures.completed(tx)
    purged = 0
    async with connect.nats(home, DEPLOY) as client:
        js = client.jetstream()
        for patient in patients:
            purged += await purge(js, patient)
    print(f"{purged} events of {len(patients)} erased patients taken out of the stream.")
    return 0


async def purge(js: JetStreamContext, patient: UUID) -> int:
    """Take out the patient's events, except those of their erasure; gives how many."""
    about = await js.stream_info(STREAM, subjects_filter=f"care.*.v1.*.*.{patient}")
    subjects = about.state.subjects or {}
    theirs = [subject for subject in subjects if subject.split(".")[3] != ERASURE]
    for subject in theirs:
        await js.purge_stream(STREAM, subject=subject)
    return sum(subjects[subject] for subject in theirs)
