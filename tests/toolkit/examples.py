"""Running the examples of docstrings and pages, which may await."""

from __future__ import annotations

import ast
import doctest
import inspect
import io
import traceback
from contextlib import redirect_stdout
from types import FunctionType
from typing import Any, Literal

__all__ = ("check_examples", "examples_of", "executed")

_CHECK = doctest.OutputChecker()
_PARSER = doctest.DocTestParser()


async def executed(
    source: str, names: dict[str, Any], *, page: str = "<example>", mode: Literal["exec", "single"] = "exec"
) -> str:
    """Execute code, which may await, and return what it prints; ``single`` prints the value of an expression too."""
    code = compile(source, page, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = FunctionType(code, names)()
        if inspect.isawaitable(result):
            await result
    return printed.getvalue()


def examples_of(documented: object) -> list[doctest.Example]:
    """Return the statements of the examples in a docstring."""
    return _PARSER.get_examples(inspect.getdoc(documented) or "")


async def check_examples(documented: object, names: dict[str, Any], *, options: int = 0) -> None:
    """Fail if a statement of an example does not print the output in the docstring, or raise the error there."""
    for example in examples_of(documented):
        want = example.want if example.exc_msg is None else example.exc_msg
        try:
            printed = await executed(example.source, names, mode="single")
        except Exception as error:
            if example.exc_msg is None:
                raise
            printed = traceback.format_exception_only(error)[0]
        assert _CHECK.check_output(want, printed, options), (
            f"{example.source.strip()}\nshould print\n{want}but printed\n{printed}"
        )
