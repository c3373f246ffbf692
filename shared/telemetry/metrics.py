"""What is counted of events and deadlines; labels name services and outcomes, never a person or an id."""

from prometheus_client import Counter, Gauge

PUBLISHED = Counter("baton_events_published", "Events put into the stream.", ["service"])
DUPLICATES = Counter("baton_events_duplicate", "Events that were in the stream already when published.", ["service"])
REPUBLISHED = Counter("baton_events_republished", "Events the stream had lost.", ["service"])
HANDLED = Counter("baton_events_handled", "Deliveries by how they ended.", ["service", "outcome"])
FIRED = Counter("baton_deadlines_fired", "Deadlines fired.", ["service"])

OUTBOX_WAITING = Gauge("baton_outbox_waiting", "Events committed and not yet in the stream.", ["service"])
OUTBOX_AGE = Gauge("baton_outbox_age_seconds", "How long the oldest of them has waited.", ["service"])
INBOX_LAG = Gauge("baton_inbox_lag", "Events in the stream not yet delivered to the service.", ["service"])
INBOX_UNACKNOWLEDGED = Gauge("baton_inbox_unacknowledged", "Events delivered and not yet acknowledged.", ["service"])
DEADLINES_LATE = Gauge("baton_deadlines_late", "Deadlines due and not yet fired.", ["service"])
DEADLINES_AGE = Gauge("baton_deadlines_late_seconds", "How long the longest due has waited.", ["service"])
DEAD_LETTERS = Gauge("baton_dead_letters_open", "Events set aside that wait for ops.", ["service"])


def handled(service: str, outcome: str) -> None:
    """Count one delivery."""
    HANDLED.labels(service, outcome).inc()
