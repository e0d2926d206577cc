"""Verdict parsers: what a reply says, read without guessing."""
