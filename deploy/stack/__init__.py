"""The whole practice on one machine: PostgreSQL, NATS, the services, sign-in and pharmacies, kept running."""
