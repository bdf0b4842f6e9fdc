"""Waiting for runs, their logs and their web inputs."""
