"""Queries: their documents, and their evaluation on an index."""
