"""What pharmacy can be asked to do, one file per verb, and what it does by itself."""
