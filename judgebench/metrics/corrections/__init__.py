"""What a few labels by people make of a judge's verdicts: one estimator a file."""
