"""Care in the visit: check-in, orders, summary and what is owed afterwards; it owns the record of visits and orders.

Publishes guidance.sent, visit.checked-in, .left, .started, .ended, .summarised, follow-up.declined and order.placed,
.accepted, .completed, .declined, .cancelled. Reacts to appointment.booked, .rescheduled and .cancelled.
"""
