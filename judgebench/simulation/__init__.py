"""Tested models of known quality and judges with known errors, and what every statistic makes of their verdicts."""
