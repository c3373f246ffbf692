"""The handoffs of the practice, as data: the whole of what this service knows about the others."""

from services.handoffs.table import care, conversations, prescriptions, records

TABLE = (*care.ROWS, *conversations.ROWS, *prescriptions.ROWS, *records.ROWS)
ROWS = {row.name: row for row in TABLE}

__all__ = ["ROWS", "TABLE"]
