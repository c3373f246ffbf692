"""Prescriptions on their way from the prescriber's hand to the patient's.

Owns: prescriptions, each sending of one to a pharmacy (a routing), what stood in the way, the messages to pharmacies
in their order, patients' pharmacies and the limits within which the practice may move a prescription.
Publishes: prescription.signed, .routed, .acknowledged, .rerouted, .cancelled; fill.ready, .shipped, .picked-up,
.delivered, .returned; problem.raised, .resolved.
Reacts to: nothing; pharmacies come in over signed webhooks.
"""
