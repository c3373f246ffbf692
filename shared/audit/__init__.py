"""Who looked at what: rows that are only ever added, chained, and announced with a signature."""

from shared.audit.chainer import Chainer
from shared.audit.recording import Action, Entry, record, record_all, record_reaction
from shared.audit.who_looked import accesses

__all__ = ["Action", "Chainer", "Entry", "accesses", "record", "record_all", "record_reaction"]
