"""Directory's rules; no input or output."""
