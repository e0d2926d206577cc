"""From names to files to checked configs: registry, mmengine facade, overrides, redacted dump."""
