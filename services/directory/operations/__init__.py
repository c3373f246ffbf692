"""What directory can be asked to do."""
