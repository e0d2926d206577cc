"""What makes a question, an answer or a judgment the same: hashes, settings and the file that keeps them."""
