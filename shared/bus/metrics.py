"""What is counted of requests: how many, how they ended, how long they took."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("baton_requests", "Requests answered, by how they ended.", ["operation", "outcome"])
SECONDS = Histogram(
    "baton_request_seconds",
    "From arrival to answer.",
    ["operation"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
RUNNING = Gauge("baton_requests_running", "Requests being worked on.", ["service"])
EXPIRED = Counter(
    "baton_requests_expired", "Requests dropped unstarted because their deadline had passed.", ["operation"]
)
