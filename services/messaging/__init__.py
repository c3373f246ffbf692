"""Encrypted threads between a patient and the practice's people.

Owns: threads, messages in gap-free order with all that they ever said, drafts, who has read what, the follow-ups
owed after visits; consults with their offers, intake and plans.
Publishes: thread.opened, message.sent, message.corrected, message.retracted, message.read,
reply.not-needed, thread.closed, follow-up.sent, consult.requested, consult.answered, consult.declined,
consult.withdrawn, plan.given, plan.acknowledged.
Reacts to: visit.ended (a follow-up may be owed), follow-up.declined,
handoff.moved (somebody else owes the follow-up).
"""
