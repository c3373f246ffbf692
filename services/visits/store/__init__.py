"""Every SQL statement of visits."""
