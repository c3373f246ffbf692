"""The journey: one patient's day walked over the gateway's HTTP, as an app would, every step checked."""
