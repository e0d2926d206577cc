"""What people say about the answers of a run, and what follows for its scores."""
