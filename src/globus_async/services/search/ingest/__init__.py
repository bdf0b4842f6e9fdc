"""Ingest and deletion of any number of entries, in tasks of limited size, with a journal."""
