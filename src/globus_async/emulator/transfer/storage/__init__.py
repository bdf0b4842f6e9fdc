"""Storages of collections: the protocol, and trees of files in memory and in a directory."""
