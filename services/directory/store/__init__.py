"""Every statement of directory."""
