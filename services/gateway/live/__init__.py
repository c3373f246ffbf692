"""Live updates: server-sent events of what happens, for those it concerns, resumed where they broke off."""
