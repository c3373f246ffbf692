"""What is owed on records themselves: an erasure, an event that could not be handled."""

from datetime import timedelta

from baton_events import directory
from baton_events.codes import HandoffName
from baton_events.common import DEAD_LETTER_DISCARDED, DEAD_LETTER_RECORDED, DEAD_LETTER_REPLAYED
from services.handoffs.declare import Field, On, Row, Rung, Says, Team

ROWS = (
    Row(
        name=HandoffName.RECORD_ERASE,
        case="erasure",
        opens=(On(directory.ErasureRequested),),
        owner=Team("privacy"),
        due=Field("erase_due"),
        closes=(On(directory.ErasureCompleted),),
        withdraws=(On(directory.ErasureWithdrawn),),
        ladder=(Rung(Team("ops"), timedelta(hours=24)),),
        owed="See that every service has erased the patient's record.",
        says=Says(
            subject="the erasure of your record",
            opened="You asked for your record to be erased. {owner} sees that it is by {due}.",
            closed="Your record is erased.",
            withdrawn="You keep your record.",
        ),
    ),
    Row(
        name=HandoffName.EVENT_REPAIR,
        case="dead_letter",
        opens=tuple(On(event) for event in DEAD_LETTER_RECORDED.values()),
        owner=Field("repair_owner"),
        due=Field("repair_due"),
        closes=tuple(On(event) for event in (*DEAD_LETTER_REPLAYED.values(), *DEAD_LETTER_DISCARDED.values())),
        ladder=(Rung(Team("ops"), timedelta(hours=1)),),
        owed="Replay or discard an event that a service could not handle.",
        says=None,
    ),
)
