"""Who is who: the people of the practice and who treats whom.

Owns: staff with credentials, licences, teams, hours and shifts; patients and their proxies; treatment relationships.
Publishes: relationship.started.
Reacts to: appointment.booked (the treatment relationship it names stands from then on).
"""
