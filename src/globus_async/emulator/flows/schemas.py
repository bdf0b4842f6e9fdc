"""Input schemas, and inputs that are checked against them."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast

from .errors import FlowsError
from .language.failure import StateFailure
from .language.limits import MAX_DEPTH, check_size, is_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..kit.service import Document
    from .language.definition import Problem

__all__ = ("check_input", "prepare", "schema_problems")

_MAX_REFERENCES: Final = 10_000
"""References that are followed for one input: a schema of a few lines can ask for any number."""
_MAX_ERRORS: Final = 100
_MAX_MESSAGE: Final = 1_000


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
    validator = _validator_class(cast("Document", schema))
    checker: Any = validator(validator.META_SCHEMA, format_checker=validator.FORMAT_CHECKER)
    try:
        problems: list[Problem] = [
            ((*root, *error.absolute_path), str(error.message)[:_MAX_MESSAGE]) for error in checker.iter_errors(schema)
        ]
    except Exception as error:  # noqa: BLE001 -- of any keyword
        problems = [(root, f"the schema cannot be read: {error}"[:_MAX_MESSAGE])]
    yield from problems


def check_input(schema: Document, value: object) -> None:
    """
    Require that an input fits a schema.

    Raises:
        FlowsError: 400, it does not, or it is too large.
    """
    if not isinstance(value, dict):
        raise _refusal([("$", f"{str(value)[:200]!r} is not of type 'object'")])
    try:
        check_size(cast("object", value))
    except StateFailure as failure:
        raise _refusal([("$", str(failure.cause))]) from None
    problems: list[tuple[str, str]] = []
    try:
        for error in _validator(schema).iter_errors(value):
            problems.append((str(error.json_path), str(error.message)[:_MAX_MESSAGE]))
            if len(problems) == _MAX_ERRORS:
                break
    except Exception as error:  # noqa: BLE001 -- references that lead nowhere or around in a circle, and more
        problems.append(("$", f"the input schema cannot be applied: {type(error).__name__}"))
    if problems:
        raise _refusal(sorted(problems))


def _refusal(problems: list[tuple[str, str]]) -> FlowsError:
    detail = [{"loc": [path], "type": "InvalidActionInput", "msg": message} for path, message in problems]
    errors = f"{len(problems)} error{'s' * (len(problems) != 1)}"
    return FlowsError(400, "FLOW_INPUT_ERROR", f"Input failed schema validation with {errors}.", detail=detail)


def _validator_class(schema: Document) -> Any:
    import jsonschema  # type: ignore[import-untyped]  # noqa: PLC0415 -- few emulators run flows

    library = cast("Any", jsonschema)
    return library.validators.validator_for(schema, default=library.Draft7Validator)


def _validator(schema: Document) -> Any:
    """Return a validator that loads nothing from elsewhere, and follows a limited number of references."""
    import jsonschema  # noqa: PLC0415 -- few emulators run flows
    import referencing  # noqa: PLC0415 -- as above

    base = _validator_class(schema)
    followed = 0

    def limited(keyword: str) -> Any:
        original = base.VALIDATORS.get(keyword)

        def follow(validator: Any, reference: Any, instance: Any, parent: Any) -> Any:
            nonlocal followed
            followed += 1
            if followed > _MAX_REFERENCES:
                raise OverflowError("too many references")
            yield from original(validator, reference, instance, parent) or ()

        return follow

    references = [each for each in ("$ref", "$dynamicRef", "$recursiveRef") if each in base.VALIDATORS]
    extended = cast("Any", jsonschema).validators.extend(base, {each: limited(each) for each in references})
    return extended(schema, registry=cast("Any", referencing).Registry())
