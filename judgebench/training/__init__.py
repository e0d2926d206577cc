"""Judges that are trained: on the judgments of other judges, or on labels."""
