"""The examples in the docstrings of the emulator run, and give what they say."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import io
from contextlib import redirect_stdout
from types import FunctionType
from typing import Any

import pytest

import globus_async
from globus_async import testing

CHECK = doctest.OutputChecker()
PUBLIC = [name for name in testing.__all__ if ">>> " in (inspect.getdoc(getattr(testing, name)) or "")]


@pytest.mark.parametrize("name", PUBLIC)
async def test_example(name: str) -> None:
    """Each statement of an example prints what the docstring says."""
    names: dict[str, Any] = {each: getattr(globus_async, each) for each in globus_async.__all__}
    names |= {each: getattr(testing, each) for each in testing.__all__} | {"asyncio": asyncio}
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(getattr(testing, name)) or ""):
        code = compile(example.source, "<example>", "single", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        printed = io.StringIO()
        with redirect_stdout(printed):
            result = FunctionType(code, names)()
            if inspect.isawaitable(result):
                await result
        assert CHECK.check_output(example.want, printed.getvalue(), 0), (example.source, printed.getvalue())


def test_the_main_classes_have_examples() -> None:
    """Those that everybody begins with are shown at work."""
    assert {"GlobusEmulator", "ManualClock", "MemoryStorage", "RealStorage"} <= set(PUBLIC)
