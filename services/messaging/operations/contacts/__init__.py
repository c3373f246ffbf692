"""What was said outside the app: written down, shown, and answered."""
