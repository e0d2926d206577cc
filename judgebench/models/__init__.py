"""Model types: what a request is sent to."""
