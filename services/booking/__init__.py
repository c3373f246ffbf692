"""Time: who is free where, and who comes when.

Owns: offers and the reasons they were made for, appointments.
Publishes: appointment.booked, .rescheduled, .cancelled, .no-show, .licence-lapsed, .licence-restored; no-show.settled.
Reacts to: visit.checked-in, visit.started, visit.ended, visit.left (where the appointment stands).
"""
