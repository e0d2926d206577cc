"""Shipped models configs."""
