"""Benchmark runner in which one model answers and another model judges.

Importing this package imports nothing else: every command pays only for what it uses.
"""

__version__ = "0.1.0"
