"""Waiting for tasks; all waits on one client share their polls."""
