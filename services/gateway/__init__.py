"""The app's HTTP door: tokens, routes, live updates, the patient's story merged from its owners.

It keeps nothing, publishes nothing and reacts to nothing; it passes requests on to the services that own the answer.
"""
