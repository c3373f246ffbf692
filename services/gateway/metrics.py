"""What is counted at the door; addresses are counted as the table writes them, without values."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("baton_http_requests", "HTTP requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "baton_http_request_seconds",
    "From the whole header to the answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
LIVE = Gauge("baton_live_streams", "Live streams open.")
CAUGHT_UP = Counter("baton_live_caught_up", "Events read back from the stream for somebody who had missed them.")
