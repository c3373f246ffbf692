"""Events on their way out: a row in the transaction that makes them true, then the stream, exactly once."""

from shared.outbox.add import announce, announce_all
from shared.outbox.store import forget_patient

__all__ = ["announce", "announce_all", "forget_patient"]
