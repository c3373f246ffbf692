"""Time: who is free where, and who comes when.

Owns: offers and the reasons they were made for, appointments, what staff opened and closed,
who waits for a time and whose a time is to take that came free.
Publishes: appointment.booked, .rescheduled, .cancelled, .reminded, .no-show, .licence-lapsed, .licence-restored;
no-show.settled; availability.overridden, .override-lifted; waitlist.joined, .left, .offered, .lapsed, .claimed.
Reacts to: visit.checked-in, visit.started, visit.ended, visit.left (where the appointment stands).
"""
