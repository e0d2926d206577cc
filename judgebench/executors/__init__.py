"""Where and how tasks run: the scheduler, local processes, the fork server, launched services."""
