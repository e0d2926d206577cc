"""What a person sees while a run goes on: live table, plain lines, JSON events."""
