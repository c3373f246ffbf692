"""What can be seen from outside: traces, metrics, health; never anything about a person."""
