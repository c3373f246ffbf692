"""What the ledger can be asked and told: record what happened, escalate, show work, accept, move, show a trail."""

from services.handoffs.operations.accept import accept
from services.handoffs.operations.escalate import escalate
from services.handoffs.operations.move import move
from services.handoffs.operations.record import record
from services.handoffs.operations.trail import trail
from services.handoffs.operations.work import work

__all__ = ["accept", "escalate", "move", "record", "trail", "work"]
