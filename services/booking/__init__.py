"""Time: who is free where, and who comes when.

Owns: offers and the reasons they were made for, appointments.
Publishes: appointment.booked, appointment.cancelled.
Reacts to: visit.checked-in, visit.started, visit.ended, visit.left (where the appointment stands).
"""
