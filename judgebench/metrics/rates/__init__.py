"""Metrics of right-or-wrong verdicts and of agreement."""
