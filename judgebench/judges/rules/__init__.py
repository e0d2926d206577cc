"""Rule-based checks: judge methods that ask nobody."""
