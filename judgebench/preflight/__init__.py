"""What is checked, in seconds, before the first request that costs something."""
