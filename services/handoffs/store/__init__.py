"""Every SQL statement of the ledger: what was said, who holds what, and what is shown."""
