"""Benchmarks against httpx, aiohttp and the official SDK; run by ``nox -s bench``."""
