"""Submitting any number of files in as few tasks as possible, with a journal."""
