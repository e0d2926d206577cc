"""Shipped configs; found by file name."""
