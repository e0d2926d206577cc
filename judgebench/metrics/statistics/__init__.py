"""Intervals, correlations, resampling: statistics that know nothing of judges."""
