"""The request engine: HTTP, streaming, retries, pacing, adaptive concurrency."""
