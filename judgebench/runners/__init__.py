"""Executes a graph of tasks: the pure scheduler, local processes, managed services."""
