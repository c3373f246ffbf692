"""What booking can be asked to do."""
