"""The run folder: layout, journals and their index, manifest, locks."""
