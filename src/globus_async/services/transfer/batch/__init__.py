"""Submitting any number of items in tasks of limited size, with a journal."""
