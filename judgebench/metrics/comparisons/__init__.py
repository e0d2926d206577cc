"""Comparisons of answers and the ratings and rankings that are made of them."""
