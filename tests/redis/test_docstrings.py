"""The examples in the docstrings run, and print what they say."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from globus_async import SystemClock, redis, token_storage
from globus_async._concurrency.circuit_breaker import CircuitBreaker
from globus_async.fastapi import GlobusBackend, GlobusLogin
from globus_async.redis import RedisDatabase
from tests.token_storage.test_docstrings import ID, Response
from tests.toolkit.examples import check_examples, examples_of

PUBLIC = {name: getattr(redis, name) for name in redis.__all__ if name != "RedisRateLimits"}  # it needs a service


def documented() -> Iterator[tuple[str, Any]]:
    """Yield the classes, and their public members."""
    yield "CircuitBreaker", CircuitBreaker
    for name, thing in PUBLIC.items():
        yield name, thing
        yield from ((f"{name}.{each}", member) for each, member in vars(thing).items() if not each.startswith("_"))


EXAMPLES = {name: inspect.unwrap(thing) for name, thing in documented() if examples_of(thing)}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_example(name: str, url: str, database: RedisDatabase) -> None:
    names = {
        **PUBLIC,
        "CircuitBreaker": CircuitBreaker,
        "EncryptedTokenStorage": token_storage.EncryptedTokenStorage,
        "GlobusLogin": GlobusLogin,
        "SystemClock": SystemClock,
        "database": database,
        "globus": GlobusBackend(ID, "secret"),
        "key": "k" * 32,
        "redis_url": url,
        "tokens": Response(),
    }
    await check_examples(EXAMPLES[name], names)


def test_the_classes_that_users_make_have_examples() -> None:
    assert set(PUBLIC) <= EXAMPLES.keys()
