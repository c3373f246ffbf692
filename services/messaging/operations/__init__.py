"""What messaging can be asked to do, one file per verb."""
