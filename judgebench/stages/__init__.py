"""The stages, one module each: the bodies of the task processes."""
