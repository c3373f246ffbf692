"""The ledger: who owes which work to whom until when; it owns nothing else.

Publishes handoff.opened, .accepted, .moved, .escalated, .closed and .withdrawn. Reacts to every event that its table
names, and knows nothing else about the other services.
"""
