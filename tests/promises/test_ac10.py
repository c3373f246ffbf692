"""AC10: health information is unreadable at rest, in events and logs and, once erased, in backups; looks are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from deploy.wires import KEEPERS
from tests.journeys.test_canaries import found_in
from tests.support.backups import dump, restore

if TYPE_CHECKING:
    import io

    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

AMARA, PETRA = "c1111c00-0000-4000-8000-000000000001", "57aff000-0000-4000-8000-000000000008"
REASON, WORDS, DRAFT = "a violet swelling under the ribs", "it began at the heron pond", "perhaps the amber lozenges"
SECRETS = [REASON, WORDS, DRAFT]
OPENS = (
    "/v1/me",
    "/v1/patients/{patient}/threads",
    "/v1/patients/{patient}/appointments",
    "/v1/patients/{patient}/visits",
    "/v1/patients/{patient}/due",
    "/v1/patients/{patient}/medications",
    "/v1/patients/{patient}/trail",
    "/v1/patients/{patient}/charges",
)


async def done(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, (path, answered.body)
    return dict(answered.json)


async def refused(practice: Practice, path: str, body: dict[str, Any], who: str) -> bool:
    return (await practice.command(path, body, who=who)).status == 404


async def at_rest(practice: Practice) -> dict[str, bytes]:
    """Everything that every service keeps, as a backup would hold it, and every event."""
    postgres, stream = practice.stack.servers.postgres, practice.stack.stream
    kept = {service: await dump(postgres, service) for service in KEEPERS}
    events = b"".join(repr(envelope).encode() for _, envelope in await stream.envelopes())
    return {**kept, "events": events}


async def test_ac10_what_is_written_is_sealed_every_look_is_shown_and_erasure_ends_it(
    practice: Practice, log: io.StringIO
) -> None:
    offers = await done(practice, "/v1/offers", {"reason": REASON})
    booked = await done(practice, "/v1/appointments", {"offer": offers["offers"][0]["offer"]})
    thread = (await done(practice, "/v1/threads", {"patient": practice.patient}))["thread"]
    await done(practice, "/v1/messages", {"thread": thread, "text": WORDS})
    await done(practice, "/v1/drafts", {"thread": thread, "text": DRAFT})
    await practice.stack.quiet(20)

    read = f"/v1/threads/{thread}/messages"
    assert WORDS in str((await practice.get(read)).json)
    assert WORDS in str((await practice.get(read, who="amara-okafor")).json)
    assert (await practice.get(read, who="sam-porter")).status in {403, 404}
    kept = await at_rest(practice)
    for name, content in kept.items():
        assert content, name
        assert not found_in(content, SECRETS), name
    assert not found_in(log.getvalue().encode(), SECRETS)

    looks = (await practice.get(f"/v1/patients/{practice.patient}/accesses")).json["accesses"]
    hers = [look for look in looks if look["actor"] == AMARA]
    assert any(look["action"] == "read" and "messages" in look["what"] for look in hers)
    assert (await practice.get(f"/v1/patients/{practice.patient}/accesses", who="jonas-weber")).status == 404

    erasure = (await done(practice, "/v1/erasures", {"patient": practice.patient}))["erasure"]
    await practice.stack.quiet(20)
    [owed] = (await practice.get(f"/v1/patients/{practice.patient}/trail")).json["open"][-1:]
    assert (owed["name"], owed["case"], owed["owner"]) == ("record.erase", erasure, "team:privacy")
    await done(practice, "/v1/erasures/approve", {"erasure": erasure}, "petra-voss")
    await practice.stack.quiet(20)
    assert (await practice.get("/v1/erasures", who="petra-voss")).json["erasures"] == []

    await nothing_opens(practice, thread, booked["appointment"])
    looked = (await practice.get(f"/v1/patients/{practice.patient}/accesses", who="petra-voss")).json
    assert {AMARA, practice.patient, PETRA} <= {look["actor"] for look in looked["accesses"]}

    await practice.stack.let_go()
    for service in ("messaging", "directory"):
        await practice.stack.stop(service)
        await restore(practice.stack.servers.postgres, service, kept[service])
        await practice.stack.start(service)
    await nothing_opens(practice, thread, booked["appointment"])
    assert (await practice.get(read)).status == 404
    assert (await practice.get(read, who="amara-okafor")).status == 404
    for name, content in (await at_rest(practice)).items():
        assert not found_in(content, [*SECRETS, practice.name]), name


async def nothing_opens(practice: Practice, thread: str, appointment: str) -> None:
    """To her, and to who treated her, it is as if she had never been here."""
    opens = [path.format(patient=practice.patient) for path in OPENS]
    for path in (*opens, f"/v1/threads/{thread}/messages", f"/v1/appointments/{appointment}"):
        assert (await practice.get(path)).status == 404, path
        if path != "/v1/me":
            assert (await practice.get(path, who="amara-okafor")).status in {403, 404}, path
    for path, body in (
        ("/v1/offers", {"reason": REASON}),
        ("/v1/threads", {"patient": practice.patient}),
        ("/v1/messages", {"thread": thread, "text": WORDS}),
        ("/v1/drafts", {"thread": thread, "text": DRAFT}),
        ("/v1/appointments/cancel", {"appointment": appointment}),
        ("/v1/erasures", {"patient": practice.patient}),
    ):
        assert await refused(practice, path, body, "patient"), path
    assert await refused(practice, "/v1/messages", {"thread": thread, "text": WORDS}, "amara-okafor")
    assert await refused(practice, "/v1/threads/erase", {"thread": str(uuid4())}, "petra-voss")
