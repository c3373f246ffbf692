"""Who calls and what they may do: tokens of people and of services, roles, grounds on which a record opens."""
