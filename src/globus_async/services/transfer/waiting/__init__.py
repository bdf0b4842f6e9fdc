"""Waiting for tasks, with one shared poller per client."""
