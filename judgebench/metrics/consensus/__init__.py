"""What several judges say together, without a label: consensus, which is no accuracy."""
