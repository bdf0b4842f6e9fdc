"""Concurrent tasks: the items they share, and how they end."""
