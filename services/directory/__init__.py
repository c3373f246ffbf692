"""Who is who: the people of the practice and who treats whom.

Owns: staff with credentials, licences, teams, hours and shifts; patients and their proxies; treatment relationships;
the erasure of a patient, from the request to the last confirmation.
Publishes: relationship.started and .ended, erasure.requested, erasure.approved, erasure.completed, erasure.withdrawn.
Reacts to: appointment.booked and .rescheduled, consult.requested, thread.claimed and thread.handed-over (the treatment
relationship they name stands from then on); appointment.rescheduled and .cancelled (the one from before ends);
visit.started (who is with the patient treats them); every service's erasure.confirmed.
"""
