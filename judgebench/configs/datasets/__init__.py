"""Shipped datasets configs."""
