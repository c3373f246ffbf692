"""Files sent with messages, one file a subject."""
