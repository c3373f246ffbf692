"""The sign-in service of a laptop: a small OpenID Connect provider that never listens beyond loopback.

A practice uses its own provider instead; services only need its issuer address and key set. This one reads the people
from the practice's files and their passwords from `sign-in.toml`, and keeps its key, sessions and the accounts of
patients taken on later in a folder. Started with `python -m deploy.issuer`; its settings are in `settings.py`.
"""
