"""Command line: flags and subcommands become a RunRequest; nothing else."""
