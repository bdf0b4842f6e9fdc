"""Clients of the scripted servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from globus_async import BaseClient, RetryPolicy, Transport
from globus_async.authorizers import GlobusAuthorizer

__all__ = ("ONCE", "by_workers", "client_of", "shared")

T = TypeVar("T")

ONCE = RetryPolicy(max_retries=0)
"""One attempt and no more."""


@asynccontextmanager
async def client_of(
    url: str, *, retry: RetryPolicy = ONCE, authorizer: GlobusAuthorizer | None = None, **options: Any
) -> AsyncGenerator[BaseClient]:
    """Make a client of a server, over a transport with these options, and close both."""
    async with Transport(**options) as transport:
        yield BaseClient(base_url=url, authorizer=authorizer, transport=transport, retry=retry)


async def by_workers(work: Callable[[T], Awaitable[None]], items: Iterable[T], *, workers: int) -> None:
    """Do something for every item, so many at a time."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())


async def shared(items: AsyncIterator[T], *, workers: int = 3) -> list[T]:
    """Read an iterator by so many workers at once; return what they were given, in that order."""
    given: list[T] = []

    async def worker() -> None:
        async for item in items:
            given.append(item)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())
    return given
