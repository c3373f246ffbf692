"""States, times and rules of a visit; no I/O."""
