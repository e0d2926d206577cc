"""The figures of benchmarks of judges."""
