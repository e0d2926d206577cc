"""Loaders: from data files to Samples."""
