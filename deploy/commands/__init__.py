"""What the `baton` command does, one file for each group of commands; each gives the exit status."""
