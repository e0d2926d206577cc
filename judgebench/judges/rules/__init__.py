"""Rule-based methods: checks that ask no model."""
