"""What messaging decides without asking anybody, one file a subject."""
