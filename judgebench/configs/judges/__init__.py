"""Shipped judges configs."""
