"""Redis servers for the tests: one that they share, and their own, which they stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from globus_async.redis import RedisDatabase
from tests.toolkit.redis_server import Cluster, RedisServer, SentinelSet, redis_command, shared_redis_url


@pytest.fixture
def url() -> str:
    """The address of a server that other tests use, too."""
    return shared_redis_url()


@pytest.fixture
def redis(url: str) -> Callable[..., Any]:
    """A function that sends a command to that server."""
    return partial(redis_command, url)


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    """A prefix of keys that no other test has."""
    return f"test:{tmp_path}"


@pytest.fixture
async def database(url: str, prefix: str) -> AsyncIterator[RedisDatabase]:
    async with RedisDatabase.from_url(url, prefix=prefix, timeout=10) as database:
        yield database


@pytest.fixture
async def _without_debugging() -> None:
    """The debug mode of asyncio makes calls ten times slower; for tests of many."""
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server that the test may stop."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def sentinel() -> Iterator[SentinelSet]:
    with SentinelSet() as sentinel:
        yield sentinel


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster
