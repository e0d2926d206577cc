"""A module that cannot be imported: it fails."""

THING = 1 / 0
