"""Published figures against ours: what is equal, what differs, and which convention would explain the difference."""
