"""Judge methods that are put around others."""
