"""The examples in the docstrings run, and print what they say."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from globus_async import sql
from globus_async.fastapi import GlobusBackend, GlobusLogin
from globus_async.sql import SQLDatabase, SQLLeases, SQLRateLimits, SQLTokenStorage
from globus_async.token_storage import EncryptedTokenStorage
from tests.token_storage.test_docstrings import ID, Response
from tests.toolkit.examples import check_examples, examples_of

PUBLIC = {name: getattr(sql, name) for name in sql.__all__}


def documented() -> Iterator[tuple[str, Any]]:
    for name, thing in PUBLIC.items():
        yield name, thing
        members = vars(thing).items()
        yield from ((f"{name}.{member}", getattr(thing, member)) for member, _ in members if not member.startswith("_"))


EXAMPLES = {
    name: thing
    for name, thing in documented()
    if callable(thing) and examples_of(thing) and thing is not SQLRateLimits  # whose example calls a service
}


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("name", EXAMPLES)
async def test_example(name: str, database: SQLDatabase, url: str) -> None:
    """Run with the names that the examples use."""
    names = {
        **PUBLIC,
        "GlobusLogin": GlobusLogin,
        "globus": GlobusBackend(ID, "secret"),
        "EncryptedTokenStorage": EncryptedTokenStorage,
        "database": database,
        "database_url": url,
        "key": "k" * 32,
        "leases": SQLLeases(database),
        "storage": SQLTokenStorage(database),
        "tokens": Response(),
    }
    await check_examples(EXAMPLES[name], names, options=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


def test_every_class_has_an_example() -> None:
    assert {name for name, thing in PUBLIC.items() if inspect.isclass(thing)} - {"SQLRateLimits"} <= EXAMPLES.keys()
