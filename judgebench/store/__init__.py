"""The run folder: layout, journals, fingerprints, locks."""
