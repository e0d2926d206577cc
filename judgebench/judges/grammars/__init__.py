"""Verdict grammars, one module each: pure functions from reply text to a reading."""
