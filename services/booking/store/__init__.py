"""Every statement of booking."""
