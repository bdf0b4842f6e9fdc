"""Every example in a docstring of the core runs, and prints what it says."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import globus_async
from globus_async import bulk_calls, client, clock, config, errors, paging, response, secret
from tests.services.groups.world import world as groups_world
from tests.services.transfer.world import world
from tests.toolkit.examples import check_examples, examples_of

CORE = (bulk_calls, client, clock, config, errors, paging, response, secret)


def documented() -> Iterator[tuple[str, Any]]:
    """Yield the public classes and functions of the core, and their public members."""
    yield "fill_path", globus_async.fill_path
    for module in CORE:
        for name in module.__all__:
            thing = getattr(module, name)
            yield name, thing
            if inspect.isclass(thing):
                members = vars(thing).items()
                yield from ((f"{name}.{member}", each) for member, each in members if not member.startswith("_"))


EXAMPLES = {name: thing for name, thing in documented() if callable(thing) and examples_of(thing)}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_example(name: str) -> None:
    """Run in a world of Transfer or Groups, with every public name of the package."""
    async with (groups_world if name == "ArrayResponse" else world)() as names:
        everything = {each: getattr(globus_async, each) for each in vars(globus_async)["__all__"]}
        own = {each: getattr(module, each) for module in (bulk_calls, paging) for each in module.__all__}
        await check_examples(
            EXAMPLES[name],
            {**everything, **own, "Any": Any, "Mapping": Mapping, **names},
            options=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        )


def test_the_extension_api_has_examples() -> None:
    """What other packages build on is shown in use."""
    assert {"BaseClient.call", "BaseClient.listing", "ErrorKinds", "PagingStyle", "fill_path"} <= EXAMPLES.keys()
