"""Time: who is free where, and who comes when.

Owns: offers and the reasons they were made for, appointments, what staff opened and closed.
Publishes: appointment.booked, .rescheduled, .cancelled, .no-show, .licence-lapsed, .licence-restored; no-show.settled;
availability.overridden, .override-lifted.
Reacts to: visit.checked-in, visit.started, visit.ended, visit.left (where the appointment stands).
"""
