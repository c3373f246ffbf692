"""Prices: shown, locked, charged, given up, and the receipt for each; no card is processed here.

Owns: quotes (immutable prices with an expiry), their locks, charges recorded against a lock, receipts.
Publishes: quote.made, .locked, .voided; charge.recorded, .voided.
Reacts to: appointment.booked (its price is locked), visit.ended and plan.given (the case is charged), consult.declined,
consult.withdrawn and appointment.cancelled (nothing is charged), erasure.approved.
"""
