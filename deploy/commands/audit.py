"""`baton audit verify`: whether every service's audit log is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from baton_events.codes import ServiceName
from baton_events.common import AUDIT_CHECKPOINTED, AuditCheckpointed
from baton_events.envelope import NotAnEvent, parse
from deploy.commands import connect
from deploy.commands.stream import stored
from deploy.wires import KEEPERS
from shared.audit import chain
from shared.audit.verify import verify
from shared.identity.keys import read_public_table

if TYPE_CHECKING:
    from nats.aio.client import Client

    from deploy.home import Home
    from shared.audit.store import Checkpoint


async def verify_logs(home: Home, services: tuple[str, ...] = KEEPERS) -> int:
    """Check each service's log against itself and the published checkpoints; 1 when anything is found."""
    found = 0
    async with connect.nats(home) as client:
        for service in services:
            key = read_public_table(home.service(service).keys)[service].public_key
            assert isinstance(key, Ed25519PublicKey), "services sign with Ed25519"
            async with connect.database(home.service(service).database_url) as db:
                verdict = await verify(db, [key], await _published(client, service), datetime.now(UTC))
            found += len(verdict.findings)
            state = "sound" if verdict.sound else f"{len(verdict.findings)} findings"
            print(f"{service}: {state}; {verdict.position} rows, checkpoints cover {verdict.signed}")
            for finding in verdict.findings:
                print(f"  {finding.fault}  position {finding.position or '-'}  row {finding.audit or '-'}")
    return 1 if found else 0


async def _published(client: Client, service: str) -> list[Checkpoint]:
    kind = AUDIT_CHECKPOINTED[ServiceName(service)].kind
    checkpoints: list[Checkpoint] = []
    async for message in stored(client, f"{kind.type}.*"):
        try:
            event = parse(message.body, nats_subject=message.subject).typed()
        except NotAnEvent:
            print(f"  stream sequence {message.sequence} is not a checkpoint, though it stands where one should")
            continue
        assert isinstance(event, AuditCheckpointed), "the subject is that of checkpoints"
        checkpoints.append(chain.announced(event))
    return checkpoints
