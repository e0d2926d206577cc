"""Shipped summarizers configs."""
