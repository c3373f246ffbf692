"""Every statement of pharmacy."""
