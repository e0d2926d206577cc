"""Intervals, correlations, comparisons in pairs, corrections by labels: statistics that know nothing of judges."""
