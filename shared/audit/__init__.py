"""Who looked at what: rows that are only ever added, chained, and announced with a signature."""

from shared.audit.accesses import accesses
from shared.audit.chainer import Chainer
from shared.audit.record import Action, Entry, record, record_all, record_reaction

__all__ = ["Action", "Chainer", "Entry", "accesses", "record", "record_all", "record_reaction"]
