"""Input schemas, and inputs that are checked against them."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from .errors import FlowsError
from .language.failure import StateFailure
from .language.limits import MAX_DEPTH, check_size, is_too_deep
from .patterns import may_take_long
from .validation import MAX_MESSAGE, input_problems, validator_class
from .validation_process import problems_in_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..kit.service import Document
    from .language.definition import Problem

__all__ = ("check_input", "prepare", "schema_problems")


async def prepare() -> None:
    """Import what `schema_problems` and `check_input` need, which reads files, in a thread."""
    if "jsonschema" not in sys.modules:
        await asyncio.to_thread(import_module, "jsonschema")


def schema_problems(schema: object) -> Iterator[Problem]:
    """Yield what is wrong with an input schema, each with its location."""
    root: tuple[str | int, ...] = ("input_schema",)
    if not isinstance(schema, dict):
        yield root, "an object is required"
        return
    if is_too_deep(cast("object", schema)):
        yield root, f"more than {MAX_DEPTH} levels"
        return
    kind = cast("dict[str, object]", schema).get("type", "object")
    if kind != "object":
        yield (*root, "type"), "the input of a flow is an object"
    validator = validator_class(cast("Document", schema))
    checker: Any = validator(validator.META_SCHEMA, format_checker=validator.FORMAT_CHECKER)
    try:
        problems: list[Problem] = [
            ((*root, *error.absolute_path), str(error.message)[:MAX_MESSAGE]) for error in checker.iter_errors(schema)
        ]
    except Exception as error:  # noqa: BLE001 -- of any keyword
        problems = [(root, f"the schema cannot be read: {error}"[:MAX_MESSAGE])]
    yield from problems


async def check_input(schema: Document, value: object) -> None:
    """
    Require that an input fits a schema.

    Raises:
        FlowsError: 400, it does not, or it is too large.
    """
    if not isinstance(value, dict):
        raise _refusal([("$", f"{str(value)[:200]!r} is not of type 'object'")])
    document = cast("Document", value)
    try:
        check_size(document)
    except StateFailure as failure:
        raise _refusal([("$", str(failure.cause))]) from None
    if may_take_long(schema, document):
        problems = await asyncio.to_thread(problems_in_time, schema, document)
    else:
        problems = input_problems(schema, document)
    if problems:
        raise _refusal(sorted(problems))


def _refusal(problems: list[tuple[str, str]]) -> FlowsError:
    detail = [{"loc": [path], "type": "InvalidActionInput", "msg": message} for path, message in problems]
    errors = f"{len(problems)} error{'s' * (len(problems) != 1)}"
    return FlowsError(400, "FLOW_INPUT_ERROR", f"Input failed schema validation with {errors}.", detail=detail)
