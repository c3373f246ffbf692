"""Every statement of messaging, one file a subject."""
