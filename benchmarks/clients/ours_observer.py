"""globus_async with an observer that does nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.clients import Target, ours
from globus_async import Observer

LIBRARIES = ours.LIBRARIES


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[ours.OurClient]:
    """Return a client for a server."""
    async with ours.connect(target, Observer()) as client:
        yield client
