"""Metrics: pure functions over verdicts, with intervals."""
