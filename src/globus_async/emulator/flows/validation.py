"""The validation of inputs by their schemas, in a limited number of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from ..kit.service import Document

__all__ = ("MAX_MESSAGE", "input_problems", "validator_class")

_MAX_STEPS: Final = 100_000
"""Keywords that are applied to one input: by references, a schema of a few lines can ask for any number."""
_MAX_ERRORS: Final = 100
MAX_MESSAGE: Final = 1_000
"""The longest message on one problem."""


class _TooLong(Exception):
    """The limit of steps is exceeded."""


def input_problems(schema: Document, value: object) -> list[tuple[str, str]]:
    """Return what does not fit a schema: paths and messages."""
    problems: list[tuple[str, str]] = []
    try:
        for error in _validator(schema).iter_errors(value):
            problems.append((str(error.json_path), str(error.message)[:MAX_MESSAGE]))
            if len(problems) == _MAX_ERRORS:
                break
    except _TooLong:
        problems.append(("$", "the input schema takes too long to be applied: simplify it, or send a smaller input"))
    except Exception as error:  # noqa: BLE001 -- references that lead nowhere or around in a circle, and more
        problems.append(("$", f"the input schema cannot be applied: {type(error).__name__}"))
    return problems


def validator_class(schema: Document) -> Any:
    """Return the class of the library for the draft of a schema."""
    import jsonschema  # type: ignore[import-untyped]  # noqa: PLC0415 -- few emulators run flows

    library = cast("Any", jsonschema)
    return library.validators.validator_for(schema, default=library.Draft7Validator)


def _validator(schema: Document) -> Any:
    """Return a validator that loads nothing from elsewhere, and does a limited number of steps."""
    import jsonschema  # noqa: PLC0415 -- few emulators run flows
    import referencing  # noqa: PLC0415 -- as above

    base = validator_class(schema)
    left = _MAX_STEPS

    def limited(keyword: str, original: Any) -> Any:
        def check(validator: Any, operand: Any, instance: Any, parent: Any) -> Any:
            nonlocal left
            left -= _steps(keyword, operand, instance)
            if left < 0:
                raise _TooLong
            yield from original(validator, operand, instance, parent) or ()

        return check

    keywords = {keyword: limited(keyword, original) for keyword, original in base.VALIDATORS.items()}
    extended = cast("Any", jsonschema).validators.extend(base, keywords)
    return extended(schema, registry=cast("Any", referencing).Registry())


def _steps(keyword: str, operand: object, instance: object) -> int:
    """Return the approximate cost of one keyword, without those within it."""
    if keyword in {"$ref", "$dynamicRef", "$recursiveRef"}:
        return 10
    if keyword == "uniqueItems" and isinstance(instance, list):
        items = cast("list[object]", instance)
        # others than texts and numbers cannot be sorted, and each is compared with each
        return 1 if all(isinstance(each, str | int | float) for each in items) else 1 + len(items) ** 2 // 10
    return 1 + len(cast("list[object] | dict[str, object]", operand)) // 50 if isinstance(operand, list | dict) else 1
