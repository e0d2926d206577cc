"""Summary tables in every format, and the gate."""
