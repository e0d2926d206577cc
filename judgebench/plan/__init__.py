"""From a RunRequest and configs to the graph of tasks; reads, never writes."""
