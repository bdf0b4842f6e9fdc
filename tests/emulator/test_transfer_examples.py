"""The examples in the docstrings of the emulator."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import globus_async
from globus_async import testing
from tests.toolkit.examples import check_examples, examples_of

PUBLIC = [name for name in testing.__all__ if examples_of(getattr(testing, name))]


@pytest.mark.parametrize("name", PUBLIC)
async def test_example(name: str) -> None:
    """Each statement of an example prints the documented output."""
    names: dict[str, Any] = {each: getattr(globus_async, each) for each in globus_async.__all__}
    names |= {each: getattr(testing, each) for each in testing.__all__} | {"asyncio": asyncio}
    await check_examples(getattr(testing, name), names)


def test_the_main_classes_have_examples() -> None:
    """The main classes have examples."""
    assert {"GlobusEmulator", "ManualClock", "MemoryStorage", "DirectoryStorage"} <= set(PUBLIC)
