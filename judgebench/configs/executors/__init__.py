"""Shipped executors configs."""
