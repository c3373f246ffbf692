"""Take in what a partner pharmacy says, once, in whatever order it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.pharmacy.model import report
from services.pharmacy.model.problems import MOVES
from services.pharmacy.model.refusals import RoutingUnknown, SignatureWrong
from services.pharmacy.model.report import Setback
from services.pharmacy.model.states import outcome_of_progress, outcome_of_setback
from services.pharmacy.operations.progress import advance
from services.pharmacy.operations.route import TRANSMIT
from services.pharmacy.operations.setback import find_way, move, raise_problem
from services.pharmacy.store import deliveries, prescriptions, problems
from shared import audit
from shared.crash import CrashPoint, reach
from shared.deadlines import cancel_deadlines
from shared.requests.pharmacy import PartnerHeard
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from services.pharmacy.model.report import Progress
    from services.pharmacy.model.states import Outcome, Problem
    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.operations.setback import Way
    from services.pharmacy.store.prescriptions import Standing
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.pharmacy import PartnerMessage


async def hear(ground: PharmacyGround, call: Call, ask: PartnerMessage) -> PartnerHeard:
    """Act on a pharmacy's message; `heard` is False for a repeat.

    Raises SignatureWrong, MessageUnclear, RoutingUnknown; then nothing of it is kept.
    """
    verify(ground, ask)
    told = report.read(ask.body)
    async with ground.db.transaction() as tx:
        owners = await prescriptions.owners_of_routing(tx, told.routing, ask.pharmacy)
    if owners is None:
        raise RoutingUnknown
    prescription, patient = owners
    way = await find_way(ground, patient) if isinstance(told, Setback) and told.kind in MOVES else None
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        standing = await prescriptions.lock(tx, prescription)
        assert standing is not None, "prescriptions are never removed"
        problem = await problems.open_problem(tx, prescription)
        outcome = _outcome(told, standing, problem)
        if not await deliveries.hear(tx, ask.pharmacy, ask.webhook_id, told.routing, outcome, call.now):
            return PartnerHeard(heard=False)
        if outcome == "taken":
            await _act(tx, ground, call, told, standing, problem, way)
        said = f"pharmacy:{ask.pharmacy} {outcome}"
        await audit.record(tx, call, "write", patient=patient, object=prescription, range=said)
        reach(CrashPoint.PARTNER_HEARD)
    reach(CrashPoint.PARTNER_COMMITTED)
    return PartnerHeard(heard=True)


def verify(ground: PharmacyGround, ask: PartnerMessage) -> None:
    """Raise SignatureWrong unless this pharmacy signed these bytes within five minutes of now."""
    secret = ground.secrets.get(ask.pharmacy)
    headers = {
        "webhook-id": ask.webhook_id,
        "webhook-timestamp": ask.webhook_timestamp,
        "webhook-signature": ask.webhook_signature,
    }
    if secret is None:
        raise SignatureWrong
    try:
        Webhook(secret).verify(ask.body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise SignatureWrong from None


def _outcome(told: Progress | Setback, standing: Standing, problem: Problem | None) -> Outcome:
    if told.routing != standing.routing.id:
        return "old-routing"
    kind = problem.kind if problem is not None else None
    if isinstance(told, Setback):
        return outcome_of_setback(standing.routing.status, kind)
    return outcome_of_progress(standing.routing.status, told.told, kind)


async def _act(
    tx: Tx,
    ground: PharmacyGround,
    call: Call,
    told: Progress | Setback,
    standing: Standing,
    problem: Problem | None,
    way: Way | None,
) -> None:
    await cancel_deadlines(tx, TRANSMIT, told.routing, call.now)
    if not isinstance(told, Setback):
        await advance(tx, standing, problem, told, call.now)
        return
    raised = await raise_problem(tx, ground, standing, told.kind, call.now)
    if way is not None:
        await move(tx, ground, way, standing, raised, call.now)
